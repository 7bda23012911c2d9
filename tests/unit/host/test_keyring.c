/*
 * Which key the host finds for an address, however that is written, and that it never goes on
 * without one because it could not read its keys.
 */
#include "host/lib/keyring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "shared/protocol/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A home with nothing in it. */
struct fixture {
    char home[64], folder[80], path[100];
    struct error error;
    char hint[KEYRING_HINT_MAX];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    strcpy(fixture->home, "/tmp/pitether-home-XXXXXX");
    assert_non_null(mkdtemp(fixture->home));
    sprintf(fixture->folder, "%s/pitether", fixture->home);
    sprintf(fixture->path, "%s/keys", fixture->folder);
    setenv("XDG_CONFIG_HOME", fixture->home, 1);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    unlink(fixture->path);
    rmdir(fixture->folder);
    rmdir(fixture->home);
    free(fixture);
    return 0;
}

static void add(struct fixture *fixture, const char *name)
{
    struct key key;
    assert_int_equal(key_generate(&key, name, KEY_VIEW), 0);
    assert_int_equal(keys_file_add(fixture->path, &key, &fixture->error), 0);
}

/* What keyring_find() says of the address; the found key's name goes to `name`. */
static int find(struct fixture *fixture, const char *path, const char *text, char *name)
{
    struct address address;
    struct keys keys = { 0 };
    assert_int_equal(address_parse(text, WIRE_DEFAULT_PORT, &address), 0);
    int result = keyring_find(path, &address, &keys, fixture->hint, &fixture->error);
    int found = (int)keys.count;
    strcpy(name, found ? keys.items[0].name : "");
    keys_clear(&keys);
    return result ? result : found;
}

static void however_it_is_written(void **state)
{
    static const struct {
        const char *address, *name; /* NULL: it has no key */
    } cases[] = {
        { "pi.local", "pi.local" },
        { "PI.Local:9", "pi.local" },
        { "pi.local.", "pi.local" },
        { "pi", NULL },
        { "local", NULL },
        { "handmade", "HandMade" },
        { "192.168.1.7:80", "192.168.1.7" },
        { "192.168.1.70", NULL },
        { "[FE80::1]:9", "fe80::1" },
        { "fe80:0:0:0:0:0:0:1", "fe80::1" },
        { "[fe80::1%eth0]", "fe80::1%eth0" },
        { "[fe80::1%eth1]", NULL },
        { "unix:pi.local", NULL },
    };
    struct fixture *fixture = *state;
    char name[KEY_NAME_MAX + 1];
    add(fixture, "pi.local");
    add(fixture, "HandMade");
    add(fixture, "192.168.1.7");
    add(fixture, "fe80::1");
    add(fixture, "fe80::1%eth0");
    for (size_t i = 0; i < COUNT(cases); i++) {
        int result = find(fixture, NULL, cases[i].address, name);
        if (result != (cases[i].name != NULL) ||
            strcmp(name, cases[i].name ? cases[i].name : "") != 0)
            fail_msg("%s gives %d, '%s'", cases[i].address, result, name);
    }
}

static void who_has_no_keys(void **state)
{
    struct fixture *fixture = *state;
    char name[KEY_NAME_MAX + 1];
    assert_int_equal(find(fixture, NULL, "pi", name), 0);
    assert_int_equal(access(fixture->folder, F_OK), -1);
    /* A name that no key can have. */
    char text[100] = "";
    memset(text, 'x', KEY_NAME_MAX + 1);
    assert_int_equal(find(fixture, NULL, text, name), 0);
}

/* There may be a key, somewhere. */
static void who_has_no_home(void **state)
{
    struct fixture *fixture = *state;
    char name[KEY_NAME_MAX + 1], *home = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
    setenv("XDG_CONFIG_HOME", "relative", 1);
    unsetenv("HOME");
    int local = find(fixture, NULL, "unix:/pi", name), result = find(fixture, NULL, "pi", name);
    static const char *const loopback[] = { "127.0.0.1", "127.9.9.9:80", "::1",
                                            "[::1]:80",  "localhost",    "LocalHost." };
    static const char *const others[] = { "128.0.0.1", "::2", "localhost.example" };
    for (size_t i = 0; i < COUNT(loopback); i++)
        local |= find(fixture, NULL, loopback[i], name);
    for (size_t i = 0; i < COUNT(others); i++)
        result = find(fixture, NULL, others[i], name) == -EINVAL ? result : 0;
    bool says_why = strstr(fixture->error.text, "HOME is not set");
    /* Where the file is said, it counts. */
    add(fixture, "127.0.0.1");
    int told = find(fixture, fixture->path, "127.0.0.1", name);
    if (home)
        setenv("HOME", home, 1);
    free(home);
    assert_int_equal(result, -EINVAL);
    assert_true(says_why);
    assert_int_equal(local, 0);
    assert_int_equal(told, 1);
}

static void the_names_that_have_keys(void **state)
{
    static const struct {
        const char *name, *hint;
    } steps[] = {
        { NULL, "" },
        { "pi.local",
          "there is a key for pi.local: if it is the same machine, call it by that name" },
        { "b", "there are keys for pi.local and b: if it is one of these, call it by that name" },
        { "c",
          "there are keys for pi.local, b and c: if it is one of these, call it by that name" },
        { "d", "there are keys for pi.local, b, c and d: if it is one of these, call it by that "
               "name" },
        { "e", "there are keys for pi.local, b, c, d and 1 more: if it is one of these, call it by "
               "that name" },
    };
    struct fixture *fixture = *state;
    char name[KEY_NAME_MAX + 1];
    for (size_t i = 0; i < COUNT(steps); i++) {
        if (steps[i].name)
            add(fixture, steps[i].name);
        assert_int_equal(find(fixture, NULL, "nosuch", name), 0);
        assert_string_equal(fixture->hint, steps[i].hint);
    }
    assert_int_equal(find(fixture, "/nowhere", "nosuch", name), -ENOENT);
    assert_string_equal(fixture->hint, "");
    assert_int_equal(find(fixture, NULL, "pi.local", name), 1);
    assert_string_equal(fixture->hint, "");
}

/* The longest names fit. */
static void long_names_that_have_keys(void **state)
{
    struct fixture *fixture = *state;
    char name[KEY_NAME_MAX + 1] = "", found[KEY_NAME_MAX + 1];
    memset(name, 'x', KEY_NAME_MAX);
    for (unsigned i = 0; i < 6; i++) {
        name[0] = (char)('a' + i);
        add(fixture, name);
    }
    assert_int_equal(find(fixture, NULL, "nosuch", found), 0);
    assert_non_null(strstr(fixture->hint, " and 2 more: if it is one of these"));
}

static void what_can_not_be_read_is_not_passed_over(void **state)
{
    struct fixture *fixture = *state;
    char name[KEY_NAME_MAX + 1];
    assert_int_equal(find(fixture, fixture->path, "pi", name), -ENOENT);
    add(fixture, "pi");
    assert_int_equal(find(fixture, fixture->path, "pi", name), 1);
    chmod(fixture->path, 0640);
    assert_int_equal(find(fixture, NULL, "pi", name), -EPERM);
    assert_non_null(strstr(fixture->error.text, "chmod 600"));
    assert_int_equal(find(fixture, NULL, "other", name), -EPERM);
    assert_int_equal(chmod(fixture->path, 0600), 0);
    assert_int_equal(truncate(fixture->path, 20), 0);
    assert_int_equal(find(fixture, NULL, "pi", name), -EINVAL);
    assert_non_null(strstr(fixture->error.text, "keys:1:"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(however_it_is_written),     test(who_has_no_keys),
        test(who_has_no_home),           test(the_names_that_have_keys),
        test(long_names_that_have_keys), test(what_can_not_be_read_is_not_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
