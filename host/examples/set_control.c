/*
 * Sets controls of a camera, and says from which frame on they are in force:
 * cc set_control.c $(pkg-config --cflags --libs pitether) && ./a.out pi.local ExposureTime=10000
 */
#include <stdio.h>

#include <pitether.h>

static void print(const struct pitether_changed *changed)
{
    char now[256];
    for (size_t i = 0; i < changed->count; i++) {
        const struct pitether_change *change = &changed->changes[i];
        pitether_value_format(&change->now, NULL, now, sizeof(now));
        printf("%s: %s from frame %llu %s\n", change->name, now,
               (unsigned long long)changed->first_id, change->why);
    }
    if (changed->status != PITETHER_CHANGED_DONE)
        printf("not set: %s\n", changed->text);
}

int main(int argc, char **argv)
{
    struct pitether_options options = PITETHER_OPTIONS_INIT;
    struct pitether_error error = { .text = "HOST NAME=VALUE[,NAME=VALUE]" };
    struct pitether_event event = { PITETHER_NONE };
    options.no_reconnect = true;
    struct pitether *camera = argc == 3 ? pitether_open(argv[1], &options, &error) : NULL;
    uint32_t request = 0;
    if (!camera || pitether_set(camera, argv[2], &request)) {
        fprintf(stderr, "%s\n", error.text);
        return 2;
    }
    while (pitether_next(camera, -1, &event) > 0) {
        if (event.type == PITETHER_FRAME)
            pitether_frame_release(event.frame);
        if (event.type == PITETHER_CHANGED && event.changed.request == request)
            break; /* which comes in any case */
    }
    print(&event.changed);
    bool done = event.changed.status == PITETHER_CHANGED_DONE;
    pitether_close(&camera);
    return !done;
}
