/*
 * Receives ten frames: cc receive.c $(pkg-config --cflags --libs pitether) && ./a.out pi.local
 */
#include <stdio.h>

#include <pitether.h>

int main(int argc, char **argv)
{
    struct pitether_error error = { 0 };
    struct pitether *camera = argc > 1 ? pitether_open(argv[1], NULL, &error) : NULL;
    struct pitether_event event = { PITETHER_NONE };
    for (int left = 10; camera && left > 0 && pitether_next(camera, -1, &event) > 0;) {
        if (event.type == PITETHER_FRAME) {
            printf("frame %llu: %zu bytes\n", (unsigned long long)event.frame->id,
                   event.frame->size);
            pitether_frame_release(event.frame);
            left--;
        }
    }
    pitether_close(&camera);
    if (event.type != PITETHER_FRAME)
        fprintf(stderr, "%s\n", event.type == PITETHER_END ? event.end.text : error.text);
    return event.type != PITETHER_FRAME;
}
