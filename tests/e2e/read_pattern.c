/*
 * Prints "FILE NUMBER" for each JPEG of the test pattern: the frame number that is painted in it;
 * or after -b how bright it is on average, 0 to 255. Any warning of libjpeg is an error.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "device/image/test_card.h"

static void on_message(j_common_ptr common, int level)
{
    if (level >= 0)
        return;
    (*common->err->output_message)(common);
    exit(1);
}

static uint8_t *read_luma(FILE *file, unsigned *width, unsigned *height)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    jpeg.err = jpeg_std_error(&errors);
    errors.emit_message = on_message;
    jpeg_create_decompress(&jpeg);
    jpeg_stdio_src(&jpeg, file);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&jpeg);
    *width = jpeg.output_width;
    *height = jpeg.output_height;
    uint8_t *luma = malloc((size_t)*width * *height);
    if (!luma)
        abort();
    while (jpeg.output_scanline < jpeg.output_height) {
        JSAMPROW row = luma + (size_t)jpeg.output_scanline * *width;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    return luma;
}

static double brightness(const uint8_t *luma, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += luma[i];
    return sum / (double)count;
}

int main(int argc, char **argv)
{
    bool bright = argc > 1 && strcmp(argv[1], "-b") == 0;
    for (int i = 1 + bright; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        unsigned width, height;
        if (!file) {
            perror(argv[i]);
            return 1;
        }
        uint8_t *luma = read_luma(file, &width, &height);
        if (bright)
            printf("%s %.3f\n", argv[i], brightness(luma, (size_t)width * height));
        else
            printf("%s %u\n", argv[i], test_card_read(luma, width, width, height));
        free(luma);
        fclose(file);
    }
    return 0;
}
