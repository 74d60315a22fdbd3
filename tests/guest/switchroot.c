// SPDX-License-Identifier: GPL-2.0-only
/*
 * First program of a guest that has a full root file system on a disk.
 *
 * It runs from an initramfs. It loads the drivers of /drivers in the order of
 * their names, mounts the first virtio disk, makes each entry of /put appear in
 * the disk's top directory, and becomes the program that the kernel command line
 * names (start=/init). Errors go to the kernel log.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DISK "/dev/vda"
#define DISK_SECONDS 60

static void log_line(const char *format, ...)
{
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	va_list args;

	if (fd < 0)
		return;
	va_start(args, format);
	vdprintf(fd, format, args);
	va_end(args);
	close(fd);
}

/* Without a root file system the guest has failed. */
static void give_up(const char *what)
{
	log_line("switchroot: BUG: %s: %s\n", what, strerror(errno));
	sleep(1);
	reboot(RB_POWER_OFF);
}

static int is_entry(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void load_driver(const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/drivers/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
		log_line("switchroot: %s: %s\n", name, strerror(errno));
	close(fd);
}

static void load_drivers(void)
{
	struct dirent **drivers;
	int i, n;

	n = scandir("/drivers", &drivers, is_entry, alphasort);
	for (i = 0; i < n; i++)
		load_driver(drivers[i]->d_name);
}

static void mount_root(void)
{
	int tries;

	for (tries = 0; access(DISK, F_OK) && tries < DISK_SECONDS; tries++)
		sleep(1);
	mkdir("/root", 0755);
	if (mount(DISK, "/root", "ext4", 0, NULL))
		give_up("cannot mount " DISK);
}

static void show_entry(const char *name)
{
	char from[300], to[300];
	struct stat entry;
	int fd;

	snprintf(from, sizeof(from), "/put/%s", name);
	snprintf(to, sizeof(to), "/root/%s", name);
	if (stat(from, &entry))
		return;
	if (S_ISDIR(entry.st_mode)) {
		mkdir(to, 0755);
	} else {
		fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
		close(fd);
	}
	if (mount(from, to, NULL, MS_BIND, NULL))
		give_up(to);
}

static void show_all(void)
{
	struct dirent **entries;
	int i, n;

	n = scandir("/put", &entries, is_entry, alphasort);
	for (i = 0; i < n; i++)
		show_entry(entries[i]->d_name);
}

/* Does what udev and a network setup would do before any program runs. */
static void prepare_system(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		log_line("switchroot: lo: %s\n", strerror(errno));
	close(fd);
	if (symlink("/proc/self/fd", "/dev/fd") ||
	    symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") ||
	    symlink("/proc/self/fd/2", "/dev/stderr"))
		log_line("switchroot: /dev: %s\n", strerror(errno));
	sethostname("guest", 5);
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/root", 1);
}

/* The kernel passes words that it does not know to init as its environment. */
static void become(const char *program)
{
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) ||
	    chroot(".") || chdir("/"))
		give_up("cannot switch to the disk");
	execl(program, program, (char *)NULL);
	give_up(program);
}

int main(void)
{
	const char *start = getenv("start");

	mkdir("/dev", 0755);
	if (mount("devtmpfs", "/dev", "devtmpfs", 0, NULL))
		return 1;
	load_drivers();
	mount_root();
	show_all();
	prepare_system();
	become(start ? start : "/init");
	return 1;
}
