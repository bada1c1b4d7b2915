/* A disk that notes what is done to it, and that fails when told to. Preloaded into the process under test.

   DISK_FOLDER   everything below it is watched
   DISK_JOURNAL  gets one record for each operation, in the order in which they took effect
   DISK_FAILS    a file: while it holds a number, each write below the folder fails with that errno
   DISK_DIES     "what count": the process is killed right after it did this for the n-th time  */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, UNLINK, LINK, RENAME };

struct head { uint32_t what, name; uint64_t at, length; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder, *fails;
static int journal = -1;
static unsigned last, left;

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_truncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_unlink)(const char *);
static int (*real_link)(const char *, const char *);
static int (*real_rename)(const char *, const char *);

__attribute__((constructor)) static void prepare(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_truncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_link = dlsym(RTLD_NEXT, "link");
    real_rename = dlsym(RTLD_NEXT, "rename");
    folder = getenv("DISK_FOLDER");
    fails = getenv("DISK_FAILS");
    if (getenv("DISK_DIES")) sscanf(getenv("DISK_DIES"), "%u %u", &last, &left);
    if (getenv("DISK_JOURNAL"))
        journal = real_open(getenv("DISK_JOURNAL"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int below(const char *path) { return folder && path && !strncmp(path, folder, strlen(folder)); }

static int watched(int fd, char *path, size_t size) {
    char link[64];
    if (!folder) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return below(path);
}

static void note(uint32_t what, const char *path, uint64_t at, const void *data, uint64_t length) {
    if (journal < 0) return;
    struct head head = { what, strlen(path), at, length };
    real_write(journal, &head, sizeof head);
    real_write(journal, path, head.name);
    if (data) real_write(journal, data, length);
    if (what == last && !--left) raise(SIGKILL);
}

static int broken(void) {
    char text[16] = "";
    int file = fails ? real_open(fails, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
    close(file);
    return atoi(text);
}

#define GUARDED(type, fd, call, told) \
    char path[4096]; \
    if (!watched(fd, path, sizeof path)) return call; \
    pthread_mutex_lock(&lock); \
    type done = -1; \
    int reason = broken(); \
    if (!reason) { done = call; reason = errno; if (done >= 0) { told; } } \
    pthread_mutex_unlock(&lock); \
    errno = reason; \
    return done;

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
    GUARDED(ssize_t, fd, real_pwrite(fd, data, size, at), note(WRITE, path, at, data, done))
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

ssize_t write(int fd, const void *data, size_t size) {
    GUARDED(ssize_t, fd, real_write(fd, data, size), note(WRITE, path, lseek(fd, 0, SEEK_CUR) - done, data, done))
}

int ftruncate64(int fd, off_t size) { GUARDED(int, fd, real_truncate(fd, size), note(TRUNCATE, path, size, NULL, 0)) }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int fsync(int fd) { GUARDED(int, fd, real_fsync(fd), note(SYNC, path, 0, NULL, 0)) }
int fdatasync(int fd) { GUARDED(int, fd, real_fdatasync(fd), note(SYNC, path, 0, NULL, 0)) }

static int opened(const char *path, int flags, mode_t mode) {
    if (!(flags & O_CREAT) || !below(path)) return real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat known;
    int new = stat(path, &known) != 0, reason = new ? broken() : 0, fd = -1;
    if (!reason) {
        fd = real_open(path, flags, mode);
        reason = errno;
        if (fd >= 0 && new) note(CREATE, path, 0, NULL, 0);
        else if (fd >= 0 && (flags & O_TRUNC)) note(TRUNCATE, path, 0, NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = reason;
    return fd;
}

#define MODE(flags) mode_t mode = 0; if (flags & O_CREAT) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open64(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode); }
int open(const char *path, int flags, ...) { MODE(flags) return opened(path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    return below(path) ? opened(path, flags, mode) : real_openat(at, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    MODE(flags)
    return below(path) ? opened(path, flags, mode) : real_openat(at, path, flags, mode);
}

int unlink(const char *path) {
    if (!below(path)) return real_unlink(path);
    pthread_mutex_lock(&lock);
    int done = real_unlink(path), reason = errno;
    if (!done) note(UNLINK, path, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = reason;
    return done;
}

static int named(uint32_t what, int (*real)(const char *, const char *), const char *old, const char *new) {
    if (!below(new)) return real(old, new);
    pthread_mutex_lock(&lock);
    int done = real(old, new), reason = errno;
    if (!done) note(what, old, 0, new, strlen(new));
    pthread_mutex_unlock(&lock);
    errno = reason;
    return done;
}

int link(const char *old, const char *new) { return named(LINK, real_link, old, new); }
int rename(const char *old, const char *new) { return named(RENAME, real_rename, old, new); }
