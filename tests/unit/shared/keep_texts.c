/*
 * The texts of a configuration file live as long as the program's options do. Here they outlive
 * tests' options, and are kept where the leak sanitizer finds them: link with --wrap=strdup.
 */
#include <stdlib.h>

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);

char *__wrap_strdup(const char *text)
{
    static char *volatile kept[4096];
    static unsigned count;
    char *copy = __real_strdup(text);
    if (count < sizeof(kept) / sizeof(kept[0]))
        kept[count++] = copy;
    return copy;
}
