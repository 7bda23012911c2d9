/*
 * The keys' text: what is read, what is refused with which words, and that no word of an error, and
 * no memory given back, has a secret in it.
 */
#include "shared/keys/keys.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ID "00112233445566778899aabbccddeeff"
#define ID_2 "10112233445566778899aabbccddeeff"
#define SECRET "c0ffee0000000000000000000000000000000000000000000000000000facade"

static int parse(struct keys *keys, const char *text, struct error *error)
{
    strcpy(error->text, "(no error)");
    return keys_parse(keys, text, strlen(text), "FILE", error);
}

static void lines_are_read(void **state)
{
    (void)state;
    struct keys keys = { 0 };
    struct error error;
    assert_int_equal(parse(&keys,
                           "# a comment\n"
                           "\n"
                           " \t\r\n"
                           "laptop view " ID " " SECRET "\n"
                           "  #laptop view\n"
                           "\tb\xC3\xBCro-2\t control  " ID_2 " " SECRET " \r",
                           &error),
                     0);
    assert_int_equal(keys.count, 2);
    const struct key *key = keys_find_name(&keys, "laptop");
    assert_ptr_equal(key, &keys.items[0]);
    assert_int_equal(key->role, KEY_VIEW);
    assert_int_equal(key->id[0], 0x00);
    assert_int_equal(key->id[15], 0xFF);
    assert_int_equal(key->secret[0], 0xC0);
    assert_int_equal(key->secret[31], 0xDE);
    uint8_t id[KEY_ID_SIZE];
    memcpy(id, keys.items[1].id, sizeof(id));
    assert_ptr_equal(keys_find_id(&keys, id), &keys.items[1]);
    assert_string_equal(keys.items[1].name, "b\xC3\xBCro-2");
    assert_int_equal(keys.items[1].role, KEY_CONTROL);
    id[KEY_ID_SIZE - 1] ^= 1;
    assert_null(keys_find_id(&keys, id));
    assert_null(keys_find_name(&keys, "lapto"));
    keys_clear(&keys);
    assert_null(keys.items);
    assert_int_equal(keys.count, 0);
    assert_null(keys_find_name(&keys, "laptop"));
}

static void no_keys_are_fine(void **state)
{
    (void)state;
    static const char *const texts[] = { "", "\n", "#", "\n\n# x y z\n" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct keys keys = { 0 };
        struct error error;
        assert_int_equal(parse(&keys, texts[i], &error), 0);
        assert_int_equal(keys.count, 0);
        keys_clear(&keys);
    }
}

static void capital_digits_are_the_same(void **state)
{
    (void)state;
    struct key small, capital;
    const char *why;
    const char *line = "a view " ID " " SECRET;
    char *shout = strdup(line);
    assert_non_null(shout);
    for (char *at = shout + strlen("a view "); *at; at++)
        *at = *at >= 'a' && *at <= 'f' ? (char)(*at - 'a' + 'A') : *at;
    assert_int_equal(key_parse_line(&small, line, strlen(line), &why), 1);
    assert_int_equal(key_parse_line(&capital, shout, strlen(shout), &why), 1);
    assert_memory_equal(&small, &capital, sizeof(small));
    free(shout);
}

#define NAME_64 "0123456789012345678901234567890123456789012345678901234567890123"

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        { "laptop", "FILE:1: the name must be followed by a role" },
        { "\n\nlaptop admin " ID " " SECRET, "FILE:3: the name must be followed by a role" },
        { "laptop View " ID " " SECRET, "followed by a role" },
        { "laptop vie " ID " " SECRET, "followed by a role" },
        { "laptop view", "followed by an id of 32 hex digits" },
        { "laptop view 0" ID " " SECRET, "followed by an id of 32 hex digits" },
        { "laptop view " ID "0 " SECRET, "followed by an id of 32 hex digits" },
        { "laptop view g0112233445566778899aabbccddeeff " SECRET, "followed by an id of 32" },
        { "laptop view @0112233445566778899aabbccddeeff " SECRET, "followed by an id of 32" },
        { "laptop view " ID, "followed by a secret of 64 hex digits" },
        { "laptop view " ID " " SECRET "0", "followed by a secret of 64 hex digits" },
        { "laptop view " ID " 0x" SECRET, "followed by a secret of 64 hex digits" },
        { "laptop view " SECRET " " ID, "followed by an id" },
        { "laptop view " ID " " SECRET " more", "text after the secret" },
        { "lap\x7Ftop view " ID " " SECRET, "a name has 1 to 64 bytes" },
        { "lap\x1Btop view " ID " " SECRET, "a name has 1 to 64 bytes" },
        { NAME_64 "4 view " ID " " SECRET, "a name has 1 to 64 bytes" },
        { "a view " ID " " SECRET "\na view " ID_2 " " SECRET,
          "FILE:2: there already is a key of that name" },
        { "a view " ID " " SECRET "\nb view " ID " " SECRET,
          "FILE:2: there already is a key with that id" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct keys keys = { 0 };
        struct error error;
        assert_int_equal(parse(&keys, cases[i].text, &error), -EINVAL);
        if (!strstr(error.text, cases[i].why))
            fail_msg("'%s' gives '%s'", cases[i].text, error.text);
        assert_null(strstr(error.text, "c0ffee"));
        assert_null(strchr(error.text, '\n'));
        assert_null(keys.items);
        assert_int_equal(keys.count, 0);
    }
}

static void a_zero_byte_is_refused(void **state)
{
    (void)state;
    static const char text[] = "a\0b view " ID " " SECRET;
    static const char later[] = "a view " ID " " SECRET "\0";
    struct keys keys = { 0 };
    struct error error;
    assert_int_equal(keys_parse(&keys, text, sizeof(text) - 1, "FILE", &error), -EINVAL);
    assert_int_equal(keys_parse(&keys, later, sizeof(later) - 1, "FILE", &error), -EINVAL);
}

static void as_many_as_there_may_be(void **state)
{
    (void)state;
    size_t room = (KEYS_MAX + 1) * KEY_LINE_MAX, size = 0;
    char *text = malloc(room);
    assert_non_null(text);
    struct error error;
    struct keys keys = { 0 };
    assert_non_null(text);
    for (unsigned i = 0; i <= KEYS_MAX; i++) {
        struct key key;
        char name[16];
        if (i == KEYS_MAX)
            assert_int_equal(keys_parse(&keys, text, size, "FILE", &error), 0);
        snprintf(name, sizeof(name), "k%u", i);
        assert_int_equal(key_generate(&key, name, KEY_VIEW), 0);
        size += key_format(&key, text + size);
        text[size++] = '\n';
    }
    assert_int_equal(keys.count, KEYS_MAX);
    assert_non_null(keys_find_name(&keys, "k255"));
    keys_clear(&keys);
    assert_int_equal(keys_parse(&keys, text, size, "FILE", &error), -EINVAL);
    assert_string_equal(error.text, "FILE:257: there are more than 256 keys");
    free(text);
}

static void a_new_key_comes_back_from_its_line(void **state)
{
    (void)state;
    struct key key, back, other;
    char line[KEY_LINE_MAX];
    const char *why;
    assert_int_equal(key_generate(&key, NAME_64, KEY_CONTROL), 0);
    assert_int_equal(key_generate(&other, NAME_64, KEY_CONTROL), 0);
    assert_memory_not_equal(key.id, other.id, sizeof(key.id));
    assert_memory_not_equal(key.secret, other.secret, sizeof(key.secret));
    size_t size = key_format(&key, line);
    assert_int_equal(size, strlen(line));
    assert_in_range(size, 1, KEY_LINE_MAX - 1);
    assert_int_equal(key_parse_line(&back, line, size, &why), 1);
    assert_memory_equal(&key, &back, sizeof(key));
}

static void what_is_refused_is_wiped(void **state)
{
    (void)state;
    static const char line[] = "laptop view " ID " " SECRET " more";
    struct key key, nothing = { 0 };
    const char *why;
    assert_int_equal(key_parse_line(&key, line, strlen(line), &why), -EINVAL);
    assert_memory_equal(&key, &nothing, sizeof(key));
}

static void names(void **state)
{
    (void)state;
    assert_true(key_name_is_good("a"));
    assert_true(key_name_is_good("fe80::1%eth0"));
    assert_true(key_name_is_good(NAME_64));
    assert_false(key_name_is_good(""));
    assert_false(key_name_is_good("two words"));
    assert_false(key_name_is_good("line\n"));
    assert_false(key_name_is_good("#1"));
    assert_false(key_name_is_good(NAME_64 "4"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(no_keys_are_fine),
        cmocka_unit_test(capital_digits_are_the_same),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(a_zero_byte_is_refused),
        cmocka_unit_test(as_many_as_there_may_be),
        cmocka_unit_test(a_new_key_comes_back_from_its_line),
        cmocka_unit_test(what_is_refused_is_wiped),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
