/*
 * What the streams of one run are called: for the user, and as folders. Pure; any thread.
 */
#ifndef PITETHER_HOST_STREAM_LABEL_H
#define PITETHER_HOST_STREAM_LABEL_H

#include "shared/base/attributes.h"
#include "shared/base/error.h"
#include "shared/base/options.h"
#include "shared/net/address.h"

enum { STREAM_LABEL_MAX = ADDRESS_TEXT_MAX + 40 };

struct stream_label {
    char text[STREAM_LABEL_MAX];  /* the only stream: its address as it was given */
    char place[STREAM_LABEL_MAX]; /* of several: the same, safe as a folder's path; else "" */
};

/* Fills a label for each address. Each of several is called as its stream, or as its host if no
 * stream is named; where two would be called the same, letters of either case being the same, the
 * host goes before the name, and then the port, too. stream: the name for addresses that have none,
 * or NULL. 0; or -EINVAL with error filled: an address or a name is none, or one is there twice. */
NODISCARD int stream_labels_make(const struct option_list *addresses, const char *stream,
                                 struct stream_label labels[OPTION_LIST_MAX], struct error *error);

#endif
