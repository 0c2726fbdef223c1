// SPDX-License-Identifier: Apache-2.0

// The directory SOURCE again, with libfuse3's high-level interface: the program of a
// vufuse submodule as C programmers write it. passthrough [-o OPTIONS] SOURCE MOUNTPOINT
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

static char *source;

static const char *at(const char *path, char *buf)
{
	snprintf(buf, PATH_MAX, "%s%s", source, path);
	return buf;
}

#define PATH(p) char buf[PATH_MAX]; p = at(p, buf)
#define RESULT(call) return (call) < 0 ? -errno : 0

static void *do_init(struct fuse_conn_info *conn, struct fuse_config *cfg)
{
	(void)conn;
	cfg->use_ino = 1;
	return NULL;
}

static void do_destroy(void *data)
{
	(void)data;
	const char *note = getenv("PASSTHROUGH_NOTE"); /* a test wants to know that we got here */
	if (note)
		close(open(note, O_CREAT | O_WRONLY, 0600));
}

static int do_getattr(const char *path, struct stat *st, struct fuse_file_info *fi)
{
	PATH(path);
	RESULT(fi ? fstat(fi->fh, st) : lstat(path, st));
}

static int do_readlink(const char *path, char *to, size_t size)
{
	PATH(path);
	ssize_t n = readlink(path, to, size - 1);
	if (n < 0)
		return -errno;
	to[n] = 0;
	return 0;
}

static int do_mknod(const char *path, mode_t mode, dev_t dev)
{
	PATH(path);
	RESULT(mknod(path, mode, dev));
}

static int do_mkdir(const char *path, mode_t mode) { PATH(path); RESULT(mkdir(path, mode)); }
static int do_unlink(const char *path) { PATH(path); RESULT(unlink(path)); }
static int do_rmdir(const char *path) { PATH(path); RESULT(rmdir(path)); }
static int do_symlink(const char *to, const char *path) { PATH(path); RESULT(symlink(to, path)); }

static int do_rename(const char *from, const char *to, unsigned flags)
{
	char buf2[PATH_MAX];
	PATH(from);
	RESULT(renameat2(AT_FDCWD, from, AT_FDCWD, at(to, buf2), flags));
}

static int do_link(const char *from, const char *to)
{
	char buf2[PATH_MAX];
	PATH(from);
	RESULT(link(from, at(to, buf2)));
}

static int do_chmod(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	(void)fi;
	PATH(path);
	RESULT(chmod(path, mode));
}

static int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *fi)
{
	(void)fi;
	PATH(path);
	RESULT(lchown(path, uid, gid));
}

static int do_truncate(const char *path, off_t size, struct fuse_file_info *fi)
{
	PATH(path);
	RESULT(fi ? ftruncate(fi->fh, size) : truncate(path, size));
}

static int do_utimens(const char *path, const struct timespec ts[2], struct fuse_file_info *fi)
{
	(void)fi;
	PATH(path);
	RESULT(utimensat(AT_FDCWD, path, ts, AT_SYMLINK_NOFOLLOW));
}

static int do_create(const char *path, mode_t mode, struct fuse_file_info *fi)
{
	PATH(path);
	int fd = open(path, fi->flags, mode);
	fi->fh = fd;
	RESULT(fd);
}

static int do_open(const char *path, struct fuse_file_info *fi)
{
	PATH(path);
	int fd = open(path, fi->flags);
	fi->fh = fd;
	RESULT(fd);
}

static int do_read(const char *path, char *p, size_t n, off_t off, struct fuse_file_info *fi)
{
	(void)path;
	ssize_t k = pread(fi->fh, p, n, off);
	return k < 0 ? -errno : k;
}

static int do_write(const char *path, const char *p, size_t n, off_t off, struct fuse_file_info *fi)
{
	(void)path;
	ssize_t k = pwrite(fi->fh, p, n, off);
	return k < 0 ? -errno : k;
}

static int do_release(const char *path, struct fuse_file_info *fi)
{
	(void)path;
	RESULT(close(fi->fh));
}

static int do_fsync(const char *path, int data, struct fuse_file_info *fi)
{
	(void)path;
	RESULT(data ? fdatasync(fi->fh) : fsync(fi->fh));
}

static int do_fallocate(const char *path, int mode, off_t off, off_t n, struct fuse_file_info *fi)
{
	(void)path;
	RESULT(fallocate(fi->fh, mode, off, n));
}

static off_t do_lseek(const char *path, off_t off, int whence, struct fuse_file_info *fi)
{
	(void)path;
	off_t at = lseek(fi->fh, off, whence);
	return at < 0 ? -errno : at;
}

static int do_statfs(const char *path, struct statvfs *st) { PATH(path); RESULT(statvfs(path, st)); }

static int do_readdir(const char *path, void *to, fuse_fill_dir_t fill, off_t off, struct fuse_file_info *fi,
		      enum fuse_readdir_flags flags)
{
	(void)off, (void)fi, (void)flags;
	PATH(path);
	DIR *d = opendir(path);
	if (!d)
		return -errno;
	for (struct dirent *e; (e = readdir(d));) {
		struct stat st = { .st_ino = e->d_ino, .st_mode = e->d_type << 12 };
		if (fill(to, e->d_name, &st, 0, 0))
			break;
	}
	closedir(d);
	return 0;
}

static int do_setxattr(const char *path, const char *name, const char *v, size_t n, int flags)
{
	PATH(path);
	RESULT(lsetxattr(path, name, v, n, flags));
}

static int do_getxattr(const char *path, const char *name, char *v, size_t n)
{
	PATH(path);
	ssize_t k = lgetxattr(path, name, v, n);
	return k < 0 ? -errno : k;
}

static int do_listxattr(const char *path, char *v, size_t n)
{
	PATH(path);
	ssize_t k = llistxattr(path, v, n);
	return k < 0 ? -errno : k;
}

static int do_removexattr(const char *path, const char *name) { PATH(path); RESULT(lremovexattr(path, name)); }

static const struct fuse_operations ops = {
	.init = do_init, .destroy = do_destroy, .getattr = do_getattr, .readlink = do_readlink, .mknod = do_mknod,
	.mkdir = do_mkdir, .unlink = do_unlink, .rmdir = do_rmdir, .symlink = do_symlink, .rename = do_rename,
	.link = do_link, .chmod = do_chmod, .chown = do_chown, .truncate = do_truncate, .utimens = do_utimens,
	.create = do_create, .open = do_open, .read = do_read, .write = do_write, .release = do_release,
	.fsync = do_fsync, .fallocate = do_fallocate, .lseek = do_lseek, .statfs = do_statfs,
	.readdir = do_readdir, .setxattr = do_setxattr, .getxattr = do_getxattr, .listxattr = do_listxattr,
	.removexattr = do_removexattr,
};

static int option(void *data, const char *arg, int key, struct fuse_args *out)
{
	(void)data, (void)out;
	if (key != FUSE_OPT_KEY_NONOPT || source)
		return 1;
	source = realpath(arg, NULL);
	if (!source) {
		perror(arg);
		exit(1);
	}
	return 0;
}

int main(int argc, char *argv[])
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	if (fuse_opt_parse(&args, NULL, NULL, option) == -1)
		return 1;
	umask(0);
	return fuse_main(args.argc, args.argv, &ops, NULL);
}
