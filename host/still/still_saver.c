#include "host/still/still_saver.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/sinks/files/snapshot.h"
#include "host/still/still.h"
#include "shared/base/log.h"
#include "shared/protocol/wire_streams.h"

struct still_saver {
    struct still_saver_config config;
    char *address, *stream, *keys_file, *folder, *name; /* the config's texts */
    pthread_t thread;
    struct pitether *receiver; /* of the still that is being taken */
    bool started;              /* there is a thread to be joined */
    atomic_bool taking;        /* it has yet to end */
};

/* A preview's stills are its stream's. Cuts "/preview" off. */
static void name_main_stream(char *text)
{
    size_t size = text ? strlen(text) : 0, suffix = strlen(WIRE_PREVIEW_SUFFIX);
    if (size > suffix && strcmp(text + size - suffix, WIRE_PREVIEW_SUFFIX) == 0)
        text[size - suffix] = '\0';
}

/* False: out of memory. NULL stays NULL. */
static bool copy(char **to, const char *text)
{
    *to = text ? strdup(text) : NULL;
    return *to || !text;
}

int still_saver_create(struct still_saver **saver, const struct still_saver_config *config)
{
    struct still_saver *self = *saver = calloc(1, sizeof(*self));
    if (!self)
        return -ENOMEM;
    self->config = *config;
    if (!copy(&self->address, config->address) || !copy(&self->stream, config->stream) ||
        !copy(&self->keys_file, config->keys_file) || !copy(&self->folder, config->folder) ||
        !copy(&self->name, config->name)) {
        still_saver_destroy(saver);
        return -ENOMEM;
    }
    name_main_stream(self->stream);
    if (strncmp(self->address, "unix:", 5) != 0)
        name_main_stream(self->address);
    return 0;
}

static void report(const struct still_saver *saver, bool saved, const char *line)
{
    if (saver->config.done)
        saver->config.done(saver->config.user, saved, line);
}

static void *run(void *user)
{
    struct still_saver *saver = user;
    struct still still;
    char text[STILL_TEXT_SIZE];
    if (still_wait(saver->receiver, &still)) {
        log_error("no still: %s", still.error.text);
        report(saver, false, still.error.text);
    } else if (snapshot_save(saver->folder, saver->name, still.frame)) {
        still_describe(still.frame, text);
        log_info("the still is %s", text);
        report(saver, true, text);
    } else {
        report(saver, false, "the still could not be saved");
    }
    pitether_frame_release(still.frame);
    atomic_store(&saver->taking, false);
    return NULL;
}

/* Warnings and the course of the connection are those of the stream, too. */
static void write_log(void *user, enum pitether_log_level level, const char *line)
{
    (void)user;
    (void)level;
    log_debug("still: %s", line);
}

static void join(struct still_saver *saver)
{
    if (saver->started)
        pthread_join(saver->thread, NULL);
    saver->started = false;
    pitether_close(&saver->receiver);
}

int still_saver_take(struct still_saver *saver)
{
    struct pitether_options options = PITETHER_OPTIONS_INIT;
    struct pitether_error error;
    if (atomic_load(&saver->taking))
        return -EBUSY;
    join(saver);
    options.mode = PITETHER_STILL;
    options.stream = saver->stream;
    options.keys_file = saver->keys_file;
    options.settle_s = saver->config.settle_s;
    options.no_reconnect = true;
    options.log = write_log;
    saver->receiver = pitether_open(saver->address, &options, &error);
    if (!saver->receiver) {
        log_error("no still: %s", error.text);
        return error.code;
    }
    atomic_store(&saver->taking, true);
    int result = pthread_create(&saver->thread, NULL, run, saver);
    saver->started = result == 0;
    if (saver->started) {
        pthread_setname_np(saver->thread, "still");
        return 0;
    }
    atomic_store(&saver->taking, false);
    join(saver);
    return -result;
}

void still_saver_destroy(struct still_saver **saver)
{
    if (!saver || !*saver)
        return;
    struct still_saver *self = *saver;
    *saver = NULL;
    if (self->receiver) {
        pitether_stop(self->receiver);
        pitether_stop(self->receiver); /* and don't wait for the daemon */
    }
    join(self);
    free(self->address);
    free(self->stream);
    free(self->keys_file);
    free(self->folder);
    free(self->name);
    free(self);
}
