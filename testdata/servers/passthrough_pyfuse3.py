#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0

"""passthrough_pyfuse3.py DIR MOUNTPOINT: serves DIR with pyfuse3, libfuse3's low level in a trio event loop."""

import errno
import os
import stat
import sys

import pyfuse3
import trio


def failing(method):
    """Turns an OSError into the reply that says so."""

    async def call(*args, **kwargs):
        try:
            return await method(*args, **kwargs)
        except OSError as e:
            raise pyfuse3.FUSEError(e.errno) from None

    return call


class Passthrough(pyfuse3.Operations):
    """Inodes are those of DIR, with every path that leads to one."""

    def __init__(self, root):
        super().__init__()
        self.paths = {pyfuse3.ROOT_INODE: [root]}
        self.counts = {}

    def path(self, inode, name=None):
        path = self.paths[inode][-1]
        return path if name is None else os.path.join(path, os.fsdecode(name))

    def attr(self, inode, path):
        st = os.lstat(path)
        entry = pyfuse3.EntryAttributes()
        for field in ("st_mode", "st_nlink", "st_uid", "st_gid", "st_rdev", "st_size",
                      "st_atime_ns", "st_mtime_ns", "st_ctime_ns"):
            setattr(entry, field, getattr(st, field))
        entry.st_ino = inode
        entry.st_blksize, entry.st_blocks = 4096, st.st_blocks
        entry.entry_timeout = entry.attr_timeout = 1
        return entry

    def found(self, path):
        """Counts a lookup."""
        inode = os.lstat(path).st_ino
        paths = self.paths.setdefault(inode, [])
        if path in paths:
            paths.remove(path)
        paths.append(path)
        self.counts[inode] = self.counts.get(inode, 0) + 1
        return self.attr(inode, path)

    def moved(self, old, new):
        for paths in self.paths.values():
            for i, path in enumerate(paths):
                if path == old or path.startswith(old + "/"):
                    paths[i] = new + path[len(old):]

    def removed(self, path):
        for paths in self.paths.values():
            if path in paths and len(paths) > 1:
                paths.remove(path)

    async def forget(self, inodes):
        for inode, n in inodes:
            self.counts[inode] -= n
            if self.counts[inode] == 0:
                del self.counts[inode]
                self.paths.pop(inode, None)

    @failing
    async def lookup(self, parent, name, ctx=None):
        if name in (b".", b".."):
            raise pyfuse3.FUSEError(errno.EINVAL)
        return self.found(self.path(parent, name))

    @failing
    async def getattr(self, inode, ctx=None):
        return self.attr(inode, self.path(inode))

    @failing
    async def setattr(self, inode, attr, fields, fh, ctx):
        path = self.path(inode)
        if fields.update_size:
            os.truncate(path, attr.st_size)
        if fields.update_mode:
            os.chmod(path, stat.S_IMODE(attr.st_mode))
        if fields.update_uid or fields.update_gid:
            os.chown(path, attr.st_uid if fields.update_uid else -1, attr.st_gid if fields.update_gid else -1,
                     follow_symlinks=False)
        if fields.update_atime or fields.update_mtime:
            now = os.lstat(path)
            os.utime(path, ns=(attr.st_atime_ns if fields.update_atime else now.st_atime_ns,
                               attr.st_mtime_ns if fields.update_mtime else now.st_mtime_ns), follow_symlinks=False)
        return self.attr(inode, path)

    @failing
    async def readlink(self, inode, ctx):
        return os.fsencode(os.readlink(self.path(inode)))

    @failing
    async def opendir(self, inode, ctx):
        return inode

    async def readdir(self, inode, start, token):
        directory = self.path(inode)
        names = sorted(os.listdir(directory))
        for i, name in enumerate(names[start:], start + 1):
            entry = self.found(os.path.join(directory, name))
            if not pyfuse3.readdir_reply(token, os.fsencode(name), entry, i):
                await self.forget([(entry.st_ino, 1)])
                break

    @failing
    async def mkdir(self, parent, name, mode, ctx):
        path = self.path(parent, name)
        os.mkdir(path, mode & ~ctx.umask)
        return self.found(path)

    @failing
    async def symlink(self, parent, name, target, ctx):
        path = self.path(parent, name)
        os.symlink(os.fsdecode(target), path)
        return self.found(path)

    @failing
    async def link(self, inode, parent, name, ctx):
        path = self.path(parent, name)
        os.link(self.path(inode), path, follow_symlinks=False)
        return self.found(path)

    @failing
    async def rename(self, old_parent, old_name, new_parent, new_name, flags, ctx):
        if flags:
            raise pyfuse3.FUSEError(errno.EINVAL)
        old, new = self.path(old_parent, old_name), self.path(new_parent, new_name)
        os.rename(old, new)
        self.removed(new)
        self.moved(old, new)

    @failing
    async def unlink(self, parent, name, ctx):
        path = self.path(parent, name)
        os.unlink(path)
        self.removed(path)

    @failing
    async def rmdir(self, parent, name, ctx):
        path = self.path(parent, name)
        os.rmdir(path)
        self.removed(path)

    @failing
    async def open(self, inode, flags, ctx):
        return pyfuse3.FileInfo(fh=os.open(self.path(inode), flags & ~(os.O_CREAT | os.O_APPEND)))

    @failing
    async def create(self, parent, name, mode, flags, ctx):
        path = self.path(parent, name)
        fd = os.open(path, (flags | os.O_CREAT) & ~os.O_APPEND, mode & ~ctx.umask)
        return pyfuse3.FileInfo(fh=fd), self.found(path)

    @failing
    async def read(self, fh, offset, size):
        return os.pread(fh, size, offset)

    @failing
    async def write(self, fh, offset, data):
        return os.pwrite(fh, data, offset)

    @failing
    async def fsync(self, fh, datasync):
        os.fsync(fh)

    @failing
    async def release(self, fh):
        os.close(fh)


def main():
    source, mountpoint = sys.argv[1:]
    options = set(pyfuse3.default_options) | {"fsname=" + source}
    pyfuse3.init(Passthrough(os.path.abspath(source)), mountpoint, options)
    try:
        trio.run(pyfuse3.main)
    finally:
        pyfuse3.close()


main()
