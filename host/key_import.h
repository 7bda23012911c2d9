/*
 * --import-key and --forget-key. One thread.
 */
#ifndef PITETHER_HOST_KEY_IMPORT_H
#define PITETHER_HOST_KEY_IMPORT_H

#include "host/lib/pitether.h"

/* Reads the line that pitetherd --add-key printed from standard input, however long that takes, and
 * stores it for the address. keys_file: NULL is the usual one. 0 or an error of
 * pitether_key_import(), or of reading. */
int key_import_run(const char *keys_file, const char *address, struct pitether_error *error);

/* 0 or an error of pitether_key_forget(). */
int key_import_forget(const char *keys_file, const char *address, struct pitether_error *error);

#endif
