/*
 * What the log writes, read back from a pipe in standard error's place.
 */
#include "shared/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/base/clock.h"

static struct {
    int from, saved;
} caught;

static void catch_begin(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    log_flush();
    caught.saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    caught.from = ends[0];
}

/* Puts standard error back, and what was written into text. */
static size_t catch_end(char *text, size_t room)
{
    size_t size = 0;
    log_flush();
    dup2(caught.saved, STDERR_FILENO);
    close(caught.saved);
    for (ssize_t got; size + 1 < room; size += (size_t)got)
        if ((got = read(caught.from, text + size, room - 1 - size)) <= 0)
            break;
    close(caught.from);
    text[size] = '\0';
    return size;
}

static void levels_are_filtered(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "prog: error: e 1\n",
        "prog: error: e 1\nprog: warning: w 2\n",
        "prog: error: e 1\nprog: warning: w 2\nprog: info: i 3\n",
        "prog: error: e 1\nprog: warning: w 2\nprog: info: i 3\nprog: debug: d 4\n",
    };
    for (int most = LOG_LEVEL_ERROR; most <= LOG_LEVEL_DEBUG; most++) {
        char text[512];
        log_setup("prog", (enum log_level)most);
        catch_begin();
        log_error("e %d", 1);
        log_warning("w %d", 2);
        log_info("i %s", "3");
        log_debug("d %d", 4);
        catch_end(text, sizeof(text));
        assert_string_equal(text, wanted[most]);
    }
}

/* The journal, or a pipe that is none whatever the environment says. */
static void journal_is_told_the_level(void **state)
{
    (void)state;
    char text[512], name[64];
    struct stat pipe;
    catch_begin();
    fstat(STDERR_FILENO, &pipe);
    snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)pipe.st_dev, (uintmax_t)pipe.st_ino);
    setenv("JOURNAL_STREAM", name, 1);
    log_setup("prog", LOG_LEVEL_DEBUG);
    log_error("e");
    log_warning("w");
    log_info("i");
    log_debug("d");
    snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)pipe.st_dev, (uintmax_t)pipe.st_ino + 1);
    setenv("JOURNAL_STREAM", name, 1);
    log_setup("prog", LOG_LEVEL_DEBUG);
    log_error("e");
    unsetenv("JOURNAL_STREAM");
    catch_end(text, sizeof(text));
    assert_string_equal(text, "<3>e\n<4>w\n<6>i\n<7>d\nprog: error: e\n");
}

static void level_names(void **state)
{
    (void)state;
    assert_string_equal(log_level_names[LOG_LEVEL_ERROR], "error");
    assert_string_equal(log_level_names[LOG_LEVEL_WARNING], "warning");
    assert_string_equal(log_level_names[LOG_LEVEL_INFO], "info");
    assert_string_equal(log_level_names[LOG_LEVEL_DEBUG], "debug");
    assert_null(log_level_names[LOG_LEVEL_DEBUG + 1]);
}

/* Whatever the length of a message: one line, ended, of no more than the room there is. */
static void long_lines_are_bounded(void **state)
{
    (void)state;
    static const char head[] = "prog: info: ";
    log_setup("prog", LOG_LEVEL_INFO);
    for (size_t length = 980; length < 3000; length += length < 1100 ? 1 : 100) {
        char message[3000], text[4096];
        memset(message, 'x', length);
        message[length] = '\0';
        catch_begin();
        log_info("%s", message);
        size_t size = catch_end(text, sizeof(text));
        size_t whole = strlen(head) + length + 1;
        assert_true(size == whole || (size < whole && size >= 1000));
        assert_in_range(size, 1, 1024);
        assert_int_equal(text[size - 1], '\n');
        assert_ptr_equal(strchr(text, '\n'), text + size - 1);
        assert_memory_equal(text, head, strlen(head));
        assert_int_equal(strspn(text + strlen(head), "x"), size - strlen(head) - 1);
    }
}

/* It is below what else is written, and gone once nobody wants it. */
static void progress_is_drawn_and_wiped(void **state)
{
    (void)state;
    char text[256];
    log_setup("prog", LOG_LEVEL_INFO);
    catch_begin();
    log_progress("50 %");
    log_flush();
    log_progress("60 %");
    log_flush();
    log_info("a");
    log_flush();
    log_progress("");
    log_info("b");
    catch_end(text, sizeof(text));
    assert_string_equal(text, "50 %"
                              "\r\033[K60 %"
                              "\r\033[Kprog: info: a\n60 %"
                              "\r\033[Kprog: info: b\n");
}

/* As it is, in whole lines, also if they are longer than the log's. */
static void text_is_written_as_it_is(void **state)
{
    (void)state;
    static char text[16384], wanted[8192];
    log_setup("prog", LOG_LEVEL_ERROR);
    memset(wanted, 'x', 5000);
    strcat(wanted, "\nsecond\n");
    catch_begin();
    fprintf(log_stream(), "%.3000s", wanted);
    fprintf(log_stream(), "%s", wanted + 3000);
    catch_end(text, sizeof(text));
    assert_string_equal(text, wanted);
}

static void errno_is_left_alone(void **state)
{
    (void)state;
    char text[256];
    log_setup("prog", LOG_LEVEL_INFO);
    catch_begin();
    close(STDERR_FILENO);
    errno = EXDEV;
    log_info("nobody reads this");
    int after = errno;
    log_flush();
    catch_end(text, sizeof(text));
    assert_int_equal(after, EXDEV);
    assert_string_equal(text, "");
    log_info("the count of what is missing goes before this");
    log_flush();
}

enum { THREADS = 4, LINES = 100 };

static void *write_lines(void *user)
{
    for (int i = 0; i < LINES; i++)
        log_info("%s%s", (const char *)user, "----------------------------------------");
    return NULL;
}

static void lines_of_threads_stay_whole(void **state)
{
    (void)state;
    static char text[65536];
    static char *const names[THREADS] = { "a", "bb", "ccc", "dddd" };
    pthread_t threads[THREADS];
    unsigned counts[THREADS] = { 0 };
    log_setup("p", LOG_LEVEL_INFO);
    catch_begin();
    /* The pipe takes 64 KiB: all of it fits. */
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, write_lines, names[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    catch_end(text, sizeof(text));
    for (char *save, *line = strtok_r(text, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        char wanted[128];
        size_t length = strcspn(line + 9, "-");
        assert_in_range(length, 1, THREADS);
        snprintf(wanted, sizeof(wanted), "p: info: %s----------------------------------------",
                 names[length - 1]);
        assert_string_equal(line, wanted);
        counts[length - 1]++;
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(counts[i], LINES);
}

/* A full pipe: nobody waits for it. What is read at last are lines in order, whole, and how many
 * are missing. */
#define LOSS "p: warning: lines missing here because they could not be written in time: "

static void a_reader_that_stands_still(void **state)
{
    (void)state;
    enum { WRITTEN = 20000, SIZE = 1 << 20 };
    static char text[SIZE];
    log_setup("p", LOG_LEVEL_INFO);
    catch_begin();
    fcntl(STDERR_FILENO, F_SETFL, 0); /* waits */
    fcntl(caught.from, F_SETFL, 0);
    for (int i = 0; i < WRITTEN; i++)
        log_info("%d", i);
    log_flush(); /* comes back, too */
    unsigned seen = 0, lost = 0, next = 0;
    char *at = text, *end = text;
    struct pollfd more = { .fd = caught.from, .events = POLLIN };
    while (seen + lost < WRITTEN && end < text + SIZE - 1) {
        assert_int_equal(poll(&more, 1, 10000), 1);
        ssize_t got = read(caught.from, end, (size_t)(text + SIZE - 1 - end));
        assert_true(got > 0);
        end += got;
        *end = '\0';
        for (char *feed; (feed = strchr(at, '\n')); at = feed + 1) {
            unsigned number;
            if (sscanf(at, LOSS "%u\n", &number) == 1) {
                lost += number;
                continue;
            }
            assert_int_equal(sscanf(at, "p: info: %u\n", &number), 1);
            assert_true(number >= next);
            next = number + 1;
            seen++;
        }
    }
    assert_true(seen > 1000 && lost > 1000);
    assert_int_equal(seen + lost, WRITTEN);
    log_info("works again");
    catch_end(text, sizeof(text));
    assert_string_equal(text, "p: info: works again\n");
}

/* What can't be written counts, too, and is told as soon as the disk takes it. */
static void a_full_disk(void **state)
{
    (void)state;
    char text[256];
    log_setup("p", LOG_LEVEL_INFO);
    catch_begin();
    int pipe_end = dup(STDERR_FILENO), full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    dup2(full, STDERR_FILENO);
    for (int i = 0; i < 3; i++) {
        log_info("%d", i);
        log_flush();
    }
    dup2(pipe_end, STDERR_FILENO);
    close(pipe_end);
    close(full);
    log_info("works again");
    catch_end(text, sizeof(text));
    assert_string_equal(text, LOSS "3\np: info: works again\n");
}

/* 20 pass; the first one of the next 10 s tells of those that did not. */
static void floods_are_suppressed(void **state)
{
    (void)state;
    char text[4096];
    struct log_limit limit = { 0 };
    log_setup("prog", LOG_LEVEL_WARNING);
    catch_begin();
    for (int i = 0; i < 1000; i++)
        log_warning_limited(&limit, "flood %d", i);
    catch_end(text, sizeof(text));
    assert_non_null(strstr(text, "flood 19\n"));
    assert_null(strstr(text, "flood 20\n"));
    limit.begin_ns -= 10 * CLOCK_SECOND;
    catch_begin();
    log_warning_limited(&limit, "again");
    catch_end(text, sizeof(text));
    assert_string_equal(text, "prog: warning: 980 lines like the next one were suppressed\n"
                              "prog: warning: again\n");
}

/* Of a thread's handler. */
struct lines {
    char text[4096];
    pthread_t thread; /* the one that it was called on */
};

static void add_line(void *user, enum log_level level, const char *line)
{
    struct lines *lines = user;
    size_t used = strlen(lines->text);
    snprintf(lines->text + used, sizeof(lines->text) - used, "%d %s|", (int)level, line);
    lines->thread = pthread_self();
    errno = EIO;
}

static void *log_elsewhere(void *unused)
{
    log_error("of a thread without");
    return unused;
}

/* It takes its thread's lines, of every level and whole characters of them; other threads write to
 * standard error as before. */
static void a_thread_with_a_handler(void **state)
{
    (void)state;
    static struct lines lines;
    const struct log_handler handler = { add_line, &lines }, silent = { NULL, NULL };
    char text[4096], large[2 * 1024];
    pthread_t other;
    log_setup("prog", LOG_LEVEL_ERROR);
    catch_begin();
    assert_null(log_set_handler(&handler));
    errno = ENOENT;
    log_debug("d %d", 4);
    assert_int_equal(errno, ENOENT);
    log_error("e");
    assert_int_equal(pthread_create(&other, NULL, log_elsewhere, NULL), 0);
    pthread_join(other, NULL);
    assert_ptr_equal(log_set_handler(&silent), &handler);
    log_error("nobody reads that");
    log_set_handler(NULL);
    log_error("here again");
    catch_end(text, sizeof(text));
    assert_string_equal(text, "prog: error: of a thread without\nprog: error: here again\n");
    assert_string_equal(lines.text, "3 d 4|0 e|");
    assert_true(pthread_equal(lines.thread, pthread_self()));
    /* U+00E9 again and again, shifted by one byte. */
    memset(large, 0xC3, sizeof(large));
    for (size_t i = 1; i < sizeof(large); i += 2)
        large[i] = (char)0xA9;
    large[sizeof(large) - 1] = '\0';
    lines.text[0] = '\0';
    log_set_handler(&handler);
    log_error("%s", large + 1); /* begins with half a character, and is cut in another one */
    log_set_handler(NULL);
    assert_in_range(strlen(lines.text), 1000, 1027);
    assert_int_equal((uint8_t)lines.text[strlen(lines.text) - 2], 0xA9);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_are_filtered),
        cmocka_unit_test(a_thread_with_a_handler),
        cmocka_unit_test(level_names),
        cmocka_unit_test(long_lines_are_bounded),
        cmocka_unit_test(progress_is_drawn_and_wiped),
        cmocka_unit_test(text_is_written_as_it_is),
        cmocka_unit_test(errno_is_left_alone),
        cmocka_unit_test(lines_of_threads_stay_whole),
        cmocka_unit_test(a_reader_that_stands_still),
        cmocka_unit_test(a_full_disk),
        cmocka_unit_test(floods_are_suppressed),
        cmocka_unit_test(journal_is_told_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
