/*
 * The keys file: who may have access to it, and that changes to it lose nothing, whoever else is at
 * it or was killed at it.
 */
#include "shared/keys/keys_file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Each test has a folder of its own. */
struct fixture {
    char folder[64], path[100], fresh[100];
    struct error error;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->folder, "/tmp/pitether-keys-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    sprintf(fixture->path, "%s/keys", fixture->folder);
    sprintf(fixture->fresh, "%s/keys.new", fixture->folder);
    *state = fixture;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    nftw(fixture->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    unlink(path); /* it may be read-only */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static char *read_file(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t size = read(fd, text, room - 1);
    assert_true(size >= 0);
    text[size] = '\0';
    close(fd);
    return text;
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_mode & 07777;
}

static struct key make(const char *name)
{
    struct key key;
    assert_int_equal(key_generate(&key, name, KEY_VIEW), 0);
    return key;
}

/* How many keys the file has. */
static unsigned count(struct fixture *fixture)
{
    struct keys keys = { 0 };
    if (keys_load(&keys, fixture->path, &fixture->error))
        fail_msg("%s", fixture->error.text);
    unsigned found = keys.count;
    keys_clear(&keys);
    return found;
}

static void assert_refused(struct fixture *fixture, int code, const char *why)
{
    struct keys keys = { 0 };
    int result = keys_load(&keys, fixture->path, &fixture->error);
    if (result != -code || !strstr(fixture->error.text, why))
        fail_msg("%d, '%s', not '%s'", result, fixture->error.text, why);
    assert_null(keys.items);
}

static void a_first_key_makes_folder_and_file(void **state)
{
    struct fixture *fixture = *state;
    struct key key = make("laptop");
    char inner[100], path[120];
    mode_t mask = umask(0);
    assert_refused(fixture, ENOENT, "can't open the keys file");
    sprintf(inner, "%s/made", fixture->folder);
    sprintf(path, "%s/keys", inner);
    assert_int_equal(keys_file_add(path, &key, &fixture->error), 0);
    umask(mask);
    assert_int_equal(mode_of(inner), 0700);
    assert_int_equal(mode_of(path), 0600);
    struct keys keys = { 0 };
    assert_int_equal(keys_load(&keys, path, &fixture->error), 0);
    assert_int_equal(keys.count, 1);
    assert_memory_equal(keys.items[0].secret, key.secret, sizeof(key.secret));
    keys_clear(&keys);
    sprintf(path, "%s/not/made/keys", fixture->folder);
    assert_int_equal(keys_file_add(path, &key, &fixture->error), -ENOENT);
}

static void what_is_no_key_stays(void **state)
{
    struct fixture *fixture = *state;
    struct key ann = make("ann"), bob = make("bob");
    char text[1000], line[KEY_LINE_MAX], wanted[1000];
    write_file(fixture->path, "# Ann's\n\n# no line feed behind this", 0600);
    assert_int_equal(keys_file_add(fixture->path, &ann, &fixture->error), 0);
    assert_int_equal(keys_file_add(fixture->path, &bob, &fixture->error), 0);
    assert_int_equal(count(fixture), 2);
    assert_int_equal(keys_file_remove(fixture->path, "ann", &fixture->error), 0);
    key_format(&bob, line);
    snprintf(wanted, sizeof(wanted), "# Ann's\n\n# no line feed behind this\n%s\n", line);
    assert_string_equal(read_file(fixture->path, text, sizeof(text)), wanted);
    assert_int_equal(keys_file_remove(fixture->path, "bob", &fixture->error), 0);
    assert_int_equal(count(fixture), 0);
    assert_int_equal(mode_of(fixture->path), 0600);
}

static void names_and_keys_are_taken_once(void **state)
{
    struct fixture *fixture = *state;
    struct key first = make("pi"), second = make("pi"), alias = first;
    strcpy(alias.name, "other");
    assert_int_equal(keys_file_add(fixture->path, &first, &fixture->error), 0);
    assert_int_equal(keys_file_add(fixture->path, &second, &fixture->error), -EEXIST);
    assert_non_null(strstr(fixture->error.text, "a key named pi already"));
    assert_int_equal(keys_file_replace(fixture->path, &alias, &fixture->error), -EEXIST);
    assert_non_null(strstr(fixture->error.text, "this key already, named pi"));
    assert_int_equal(keys_file_replace(fixture->path, &first, &fixture->error), 1);
    assert_int_equal(keys_file_replace(fixture->path, &second, &fixture->error), 1);
    assert_int_equal(keys_file_replace(fixture->path, &alias, &fixture->error), 0);
    assert_int_equal(count(fixture), 2);
}

static void what_is_not_there_is_not_removed(void **state)
{
    struct fixture *fixture = *state;
    struct key key = make("laptop");
    assert_int_equal(keys_file_remove(fixture->path, "laptop", &fixture->error), -ENOENT);
    assert_int_equal(access(fixture->path, F_OK), -1);
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), 0);
    assert_int_equal(keys_file_remove(fixture->path, "lapto", &fixture->error), -ENOENT);
    assert_non_null(strstr(fixture->error.text, "no key named lapto"));
    assert_int_equal(count(fixture), 1);
}

static void modes(void **state)
{
    struct fixture *fixture = *state;
    struct key key = make("laptop");
    static const mode_t open[] = { 0640, 0620, 0610, 0604, 0602, 0601, 0666, 0440 };
    for (size_t i = 0; i < COUNT(open); i++) {
        write_file(fixture->path, "", open[i]);
        assert_refused(fixture, EPERM, "chmod 600 /tmp/pitether-keys-");
        assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), -EPERM);
        assert_int_equal(keys_file_remove(fixture->path, "x", &fixture->error), -EPERM);
        assert_int_equal(mode_of(fixture->path), open[i]);
    }
    write_file(fixture->path, "", 0400);
    assert_int_equal(count(fixture), 0);
}

static void credentials_may_be_the_groups(void **state)
{
    struct fixture *fixture = *state;
    setenv("CREDENTIALS_DIRECTORY", fixture->folder, 1);
    write_file(fixture->path, "", 0440);
    assert_int_equal(count(fixture), 0);
    write_file(fixture->path, "", 0400);
    assert_int_equal(count(fixture), 0);
    write_file(fixture->path, "", 0460);
    assert_refused(fixture, EPERM, "accessible to other users");
    write_file(fixture->path, "", 0444);
    assert_refused(fixture, EPERM, "accessible to other users");
    setenv("CREDENTIALS_DIRECTORY", "/tmp/pitether", 1);
    write_file(fixture->path, "", 0440);
    assert_refused(fixture, EPERM, "accessible to other users");
    setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
    assert_refused(fixture, EPERM, "accessible to other users");
    unsetenv("CREDENTIALS_DIRECTORY");
}

static void only_plain_files(void **state)
{
    struct fixture *fixture = *state;
    struct key key = make("laptop");
    char target[100];
    assert_int_equal(mkfifo(fixture->path, 0600), 0);
    assert_refused(fixture, EPERM, "not a regular file");
    unlink(fixture->path);
    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_refused(fixture, EPERM, "not a regular file");
    rmdir(fixture->path);
    sprintf(target, "%s/target", fixture->folder);
    write_file(target, "", 0600);
    assert_int_equal(symlink(target, fixture->path), 0);
    assert_refused(fixture, EPERM, "a symbolic link: name the file itself");
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), -EPERM);
    assert_int_equal(keys_file_add("/tmp/", &key, &fixture->error), -EINVAL);
}

static void junk_is_refused_and_left_alone(void **state)
{
    struct fixture *fixture = *state;
    struct key key = make("laptop");
    char text[100], *large = malloc(KEYS_FILE_MAX + 2);
    assert_non_null(large);
    write_file(fixture->path, "# fine\nsecret words\n", 0600);
    assert_refused(fixture, EINVAL, "keys:2: the name must be followed by a role");
    assert_null(strstr(fixture->error.text, "words"));
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), -EINVAL);
    assert_int_equal(keys_file_remove(fixture->path, "secret", &fixture->error), -EINVAL);
    assert_string_equal(read_file(fixture->path, text, sizeof(text)), "# fine\nsecret words\n");
    memset(large, '#', KEYS_FILE_MAX + 1);
    large[KEYS_FILE_MAX + 1] = '\0';
    write_file(fixture->path, large, 0600);
    assert_refused(fixture, EINVAL, "larger than 65536 bytes");
    large[KEYS_FILE_MAX] = '\0';
    write_file(fixture->path, large, 0600);
    assert_int_equal(count(fixture), 0);
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), -ENOSPC);
    assert_int_equal(count(fixture), 0);
    free(large);
}

static void there_is_an_end(void **state)
{
    struct fixture *fixture = *state;
    char *text = calloc(KEYS_MAX, KEY_LINE_MAX), *at = text, name[16];
    assert_non_null(text);
    for (unsigned i = 0; i < KEYS_MAX; i++) {
        snprintf(name, sizeof(name), "k%u", i);
        struct key key = make(name);
        at += key_format(&key, at);
        *at++ = '\n';
    }
    write_file(fixture->path, text, 0600);
    struct key more = make("more"), again = make("k7");
    assert_int_equal(keys_file_add(fixture->path, &more, &fixture->error), -ENOSPC);
    assert_non_null(strstr(fixture->error.text, "is full: it has 256 keys"));
    assert_int_equal(keys_file_replace(fixture->path, &again, &fixture->error), 1);
    assert_int_equal(count(fixture), KEYS_MAX);
    free(text);
}

/* Whoever was killed on the way, or prepares a trap, leaves something in the new file's place. */
static void leftovers_are_no_hindrance(void **state)
{
    struct fixture *fixture = *state;
    struct key one = make("one"), two = make("two");
    char target[100], text[100];
    write_file(fixture->fresh, "half a k", 0600);
    assert_int_equal(keys_file_add(fixture->path, &one, &fixture->error), 0);
    assert_int_equal(access(fixture->fresh, F_OK), -1);
    sprintf(target, "%s/target", fixture->folder);
    write_file(target, "untouched", 0600);
    assert_int_equal(symlink(target, fixture->fresh), 0);
    assert_int_equal(keys_file_add(fixture->path, &two, &fixture->error), 0);
    assert_string_equal(read_file(target, text, sizeof(text)), "untouched");
    assert_int_equal(count(fixture), 2);
}

static void root_leaves_the_file_to_its_owner(void **state)
{
    struct fixture *fixture = *state;
    struct key key = make("laptop");
    struct stat status;
    if (geteuid() != 0)
        skip();
    write_file(fixture->path, "", 0600);
    assert_int_equal(chown(fixture->path, 1234, 5678), 0);
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), 0);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_uid, 1234);
    assert_int_equal(status.st_gid, 5678);
    assert_int_equal(status.st_mode & 07777, 0600);
}

/* In a process of its own, since there is no way back. */
static void files_of_others_are_refused(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() != 0)
        skip();
    write_file(fixture->path, "", 0600);
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    /* One's own at first; then another's, which only a group's right lets one open at all. */
    assert_int_equal(chown(fixture->path, 1234, 0), 0);
    pid_t child = fork();
    if (child == 0) {
        struct keys keys = { 0 };
        int code = setresuid(1234, 1234, 1234);
        code |= keys_load(&keys, fixture->path, &fixture->error) ? 2 : 0;
        _exit(code ? 1 : 0);
    }
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    assert_int_equal(chown(fixture->path, 4321, 0), 0);
    assert_int_equal(chmod(fixture->path, 0640), 0);
    child = fork();
    if (child == 0) {
        struct keys keys = { 0 };
        int failed = setresuid(1234, 1234, 1234);
        failed |= keys_load(&keys, fixture->path, &fixture->error) != -EPERM;
        _exit(failed || !strstr(fixture->error.text, "belongs to another user, user 4321: "));
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
}

static int load_as_1234(struct fixture *fixture, const char *words)
{
    int code = -1;
    pid_t child = fork();
    if (child == 0) {
        struct keys keys = { 0 };
        bool failed = setresuid(1234, 1234, 1234) ||
                      keys_load(&keys, fixture->path, &fixture->error) != -EACCES;
        _exit(failed || !strstr(fixture->error.text, words));
    }
    assert_int_equal(waitpid(child, &code, 0), child);
    return code;
}

/* Whose they are, and what may be done. */
static void files_that_may_not_be_read(void **state)
{
    struct fixture *fixture = *state;
    if (geteuid() != 0)
        skip();
    write_file(fixture->path, "", 0600);
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    assert_int_equal(load_as_1234(fixture,
                                  ": only root may read it, and this runs as user 1234; run "
                                  "it as root, or name a file of your own with --keys"),
                     0);
    assert_int_equal(chmod(fixture->folder, 0700), 0);
    assert_int_equal(load_as_1234(fixture, ": user 1234 may not enter its folder"), 0);
}

static void changes_at_once_lose_nothing(void **state)
{
    enum { PROCESSES = 8, KEYS_EACH = 8 };
    struct fixture *fixture = *state;
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] > 0)
            continue;
        int result = 0;
        for (int j = 0; j < KEYS_EACH && !result; j++) {
            char name[32];
            struct key key;
            snprintf(name, sizeof(name), "k%d-%d", i, j);
            result = key_generate(&key, name, KEY_VIEW);
            if (!result)
                result = keys_file_add(fixture->path, &key, &fixture->error);
        }
        _exit(result ? 1 : 0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int code;
        assert_int_equal(waitpid(children[i], &code, 0), children[i]);
        assert_int_equal(code, 0);
    }
    assert_int_equal(count(fixture), PROCESSES * KEYS_EACH);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_first_key_makes_folder_and_file),
        test(what_is_no_key_stays),
        test(names_and_keys_are_taken_once),
        test(what_is_not_there_is_not_removed),
        test(modes),
        test(credentials_may_be_the_groups),
        test(only_plain_files),
        test(junk_is_refused_and_left_alone),
        test(there_is_an_end),
        test(leftovers_are_no_hindrance),
        test(root_leaves_the_file_to_its_owner),
        test(files_of_others_are_refused),
        test(files_that_may_not_be_read),
        test(changes_at_once_lose_nothing),
    };
    unsetenv("CREDENTIALS_DIRECTORY");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
