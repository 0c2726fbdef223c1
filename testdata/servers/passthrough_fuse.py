#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0

"""passthrough_fuse.py DIR MOUNTPOINT [OPTION...]: serves DIR with python3-fuse, libfuse 2's high level."""

import os
import sys

import fuse

fuse.fuse_python_api = (0, 2)


class Handle:
    """An open file."""

    def __init__(self, path, flags, *mode):
        self.fd = os.open(passthrough.real(path), flags & ~os.O_APPEND, *mode)

    def read(self, size, offset):
        return os.pread(self.fd, size, offset)

    def write(self, data, offset):
        return os.pwrite(self.fd, data, offset)

    def ftruncate(self, size):
        os.ftruncate(self.fd, size)

    def fgetattr(self):
        return os.fstat(self.fd)

    def fsync(self, datasync):
        os.fsync(self.fd)

    def release(self, flags):
        os.close(self.fd)


class Passthrough(fuse.Fuse):
    def __init__(self, source, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.source = os.path.abspath(source)
        self.file_class = Handle

    def real(self, path):
        return self.source + path

    def getattr(self, path):
        return os.lstat(self.real(path))

    def readlink(self, path):
        return os.readlink(self.real(path))

    def readdir(self, path, offset):
        for name in [".", "..", *os.listdir(self.real(path))]:
            yield fuse.Direntry(name)

    def mkdir(self, path, mode):
        os.mkdir(self.real(path), mode)

    def unlink(self, path):
        os.unlink(self.real(path))

    def rmdir(self, path):
        os.rmdir(self.real(path))

    def symlink(self, target, path):
        os.symlink(target, self.real(path))

    def rename(self, old, new):
        os.rename(self.real(old), self.real(new))

    def link(self, old, new):
        os.link(self.real(old), self.real(new), follow_symlinks=False)

    def chmod(self, path, mode):
        os.chmod(self.real(path), mode)

    def chown(self, path, uid, gid):
        os.chown(self.real(path), uid, gid, follow_symlinks=False)

    def truncate(self, path, size):
        os.truncate(self.real(path), size)

    def utimens(self, path, atime, mtime):
        os.utime(self.real(path), ns=tuple(t.tv_sec * 10**9 + t.tv_nsec for t in (atime, mtime)), follow_symlinks=False)


passthrough = Passthrough(sys.argv[1], dash_s_do="setsingle")
passthrough.parse(sys.argv[2:])
passthrough.main()
