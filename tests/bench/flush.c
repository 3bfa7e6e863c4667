/* Loaded before the C library: flushes are counted, and made to take as long as is asked.
 *
 * FLUSH_GAUGE names a file of two 64-bit numbers, shared by all processes: microseconds that a flush
 * takes longer (written by the bench), flushes so far (written here).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct gauge {
    volatile uint64_t delay_us;
    uint64_t count;
};

static struct gauge *gauge;

__attribute__((constructor)) static void open_gauge(void)
{
    const char *path = getenv("FLUSH_GAUGE");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *shared = mmap(NULL, sizeof *gauge, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    gauge = shared == MAP_FAILED ? NULL : shared;
}

static int flushed(const char *name, int file)
{
    int (*flush)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (gauge) {
        if (gauge->delay_us)
            usleep((useconds_t)gauge->delay_us);
        __atomic_fetch_add(&gauge->count, 1, __ATOMIC_RELAXED);
    }
    return flush(file);
}

int fsync(int file)
{
    return flushed("fsync", file);
}

int fdatasync(int file)
{
    return flushed("fdatasync", file);
}
