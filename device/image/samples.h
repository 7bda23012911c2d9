/*
 * The operations of a colour conversion on sixteen 8-bit samples at a time: with SSE2, which every
 * x86-64 has, with NEON, or sample by sample. All three give the same bytes.
 *
 * A compiler's own vectors take twice as many instructions: C has no saturating sum and no upper
 * half of a 16-bit product.
 */
#ifndef PITETHER_DEVICE_IMAGE_SAMPLES_H
#define PITETHER_DEVICE_IMAGE_SAMPLES_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(PITETHER_PLAIN_SAMPLES)
#define SAMPLES_SSE2
#include <emmintrin.h>
typedef __m128i samples;
#elif defined(__ARM_NEON) && !defined(PITETHER_PLAIN_SAMPLES)
#define SAMPLES_NEON
#include <arm_neon.h>
typedef uint8x16_t samples;
#else
typedef struct {
    uint8_t at[16];
} samples;
#endif

enum { SAMPLES = 16 };

/* For samples_stretch(). */
struct stretch {
    uint8_t black; /* what becomes 0, with all below it */
    uint8_t fraction, low;
};

/* For samples_combine(): factors of U and V, -2..2, in units of 1 / COMBINE_ONE. */
enum { COMBINE_ONE = 1 << 13 };

struct combine {
    int16_t u, v;
};

/*
 * samples_load, _store   from and to any address
 * samples_load_half      eight of them; the others are 0
 * samples_flip           x ^ 128: U or V to a signed number, 0 for no colour, and back
 * samples_double         the first (half 0) or second (1) eight samples, each of them twice
 * samples_interleave     the first (half 0) or second (1) eight of x and of y, in turn
 * samples_add            y + d, clamped to 0..255; d is signed
 * samples_stretch        (z * 256 + low) * (256 + fraction) / 65536, clamped to 255, of
 *                        z = max(x - black, 0); low * (256 + fraction) is below 65536
 * samples_combine        u * by.u + v * by.v, rounded, and clamped to -128..127; all are signed
 */

#if defined(SAMPLES_SSE2)

static inline samples samples_load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)from);
}

static inline samples samples_load_half(const uint8_t *from)
{
    return _mm_loadl_epi64((const __m128i *)from);
}

static inline void samples_store(uint8_t *to, samples x)
{
    _mm_storeu_si128((__m128i *)to, x);
}

static inline samples samples_flip(samples x)
{
    return _mm_xor_si128(x, _mm_set1_epi8(-128));
}

static inline samples samples_double(samples x, int half)
{
    return half ? _mm_unpackhi_epi8(x, x) : _mm_unpacklo_epi8(x, x);
}

static inline samples samples_interleave(samples x, samples y, int half)
{
    return half ? _mm_unpackhi_epi8(x, y) : _mm_unpacklo_epi8(x, y);
}

static inline samples samples_add(samples y, samples d)
{
    return samples_flip(_mm_adds_epi8(samples_flip(y), d));
}

static inline samples samples_stretch(samples x, struct stretch by)
{
    const samples low = _mm_set1_epi8((char)by.low);
    const samples factor = _mm_set1_epi16((int16_t)(256 + by.fraction));
    samples z = _mm_subs_epu8(x, _mm_set1_epi8((char)by.black));
    return _mm_packus_epi16(_mm_mulhi_epu16(_mm_unpacklo_epi8(low, z), factor),
                            _mm_mulhi_epu16(_mm_unpackhi_epi8(low, z), factor));
}

/* Eight of them, as 64ths. */
static inline samples samples_combine_half(samples u256, samples v256, struct combine by)
{
    samples sum = _mm_add_epi16(_mm_mulhi_epi16(u256, _mm_set1_epi16((int16_t)(2 * by.u))),
                                _mm_mulhi_epi16(v256, _mm_set1_epi16((int16_t)(2 * by.v))));
    return _mm_srai_epi16(_mm_add_epi16(sum, _mm_set1_epi16(32)), 6);
}

static inline samples samples_combine(samples u, samples v, struct combine by)
{
    const samples zero = _mm_setzero_si128();
    return _mm_packs_epi16(
        samples_combine_half(_mm_unpacklo_epi8(zero, u), _mm_unpacklo_epi8(zero, v), by),
        samples_combine_half(_mm_unpackhi_epi8(zero, u), _mm_unpackhi_epi8(zero, v), by));
}

#elif defined(SAMPLES_NEON)

static inline samples samples_load(const uint8_t *from)
{
    return vld1q_u8(from);
}

static inline samples samples_load_half(const uint8_t *from)
{
    return vcombine_u8(vld1_u8(from), vdup_n_u8(0));
}

static inline void samples_store(uint8_t *to, samples x)
{
    vst1q_u8(to, x);
}

static inline samples samples_flip(samples x)
{
    return veorq_u8(x, vdupq_n_u8(128));
}

static inline samples samples_double(samples x, int half)
{
    return vzipq_u8(x, x).val[half];
}

static inline samples samples_interleave(samples x, samples y, int half)
{
    return vzipq_u8(x, y).val[half];
}

static inline samples samples_add(samples y, samples d)
{
    int8x16_t sum = vqaddq_s8(vreinterpretq_s8_u8(samples_flip(y)), vreinterpretq_s8_u8(d));
    return samples_flip(vreinterpretq_u8_s8(sum));
}

static inline samples samples_stretch(samples x, struct stretch by)
{
    const uint8x8_t fraction = vdup_n_u8(by.fraction);
    const uint16x8_t rest = vdupq_n_u16((uint16_t)(by.low * (256 + by.fraction) >> 8));
    samples z = vqsubq_u8(x, vdupq_n_u8(by.black));
    return vqaddq_u8(z, vcombine_u8(vaddhn_u16(vmull_u8(vget_low_u8(z), fraction), rest),
                                    vaddhn_u16(vmull_u8(vget_high_u8(z), fraction), rest)));
}

static inline int8x8_t samples_combine_half(int8x8_t u, int8x8_t v, struct combine by)
{
    int16x8_t sum = vaddq_s16(vqdmulhq_n_s16(vshll_n_s8(u, 7), (int16_t)(2 * by.u)),
                              vqdmulhq_n_s16(vshll_n_s8(v, 7), (int16_t)(2 * by.v)));
    return vqrshrn_n_s16(sum, 6);
}

static inline samples samples_combine(samples u, samples v, struct combine by)
{
    int8x16_t du = vreinterpretq_s8_u8(u), dv = vreinterpretq_s8_u8(v);
    return vreinterpretq_u8_s8(
        vcombine_s8(samples_combine_half(vget_low_s8(du), vget_low_s8(dv), by),
                    samples_combine_half(vget_high_s8(du), vget_high_s8(dv), by)));
}

#else

static inline samples samples_load(const uint8_t *from)
{
    samples x;
    memcpy(x.at, from, SAMPLES);
    return x;
}

static inline samples samples_load_half(const uint8_t *from)
{
    samples x = { { 0 } };
    memcpy(x.at, from, SAMPLES / 2);
    return x;
}

static inline void samples_store(uint8_t *to, samples x)
{
    memcpy(to, x.at, SAMPLES);
}

static inline int samples_clamp(int value, int min, int max)
{
    return value < min ? min : value > max ? max : value;
}

static inline samples samples_flip(samples x)
{
    for (int i = 0; i < SAMPLES; i++)
        x.at[i] ^= 128;
    return x;
}

static inline samples samples_double(samples x, int half)
{
    samples twice;
    for (int i = 0; i < SAMPLES; i++)
        twice.at[i] = x.at[half * SAMPLES / 2 + i / 2];
    return twice;
}

static inline samples samples_interleave(samples x, samples y, int half)
{
    samples both;
    for (int i = 0; i < SAMPLES; i++)
        both.at[i] = (i % 2 ? &y : &x)->at[half * SAMPLES / 2 + i / 2];
    return both;
}

static inline samples samples_add(samples y, samples d)
{
    for (int i = 0; i < SAMPLES; i++)
        y.at[i] = (uint8_t)samples_clamp(y.at[i] + (int8_t)d.at[i], 0, 255);
    return y;
}

static inline samples samples_stretch(samples x, struct stretch by)
{
    for (int i = 0; i < SAMPLES; i++) {
        int z = samples_clamp(x.at[i] - by.black, 0, 255);
        x.at[i] = (uint8_t)samples_clamp((z * 256 + by.low) * (256 + by.fraction) >> 16, 0, 255);
    }
    return x;
}

static inline samples samples_combine(samples u, samples v, struct combine by)
{
    for (int i = 0; i < SAMPLES; i++) {
        int sum = ((int8_t)u.at[i] * by.u >> 7) + ((int8_t)v.at[i] * by.v >> 7);
        u.at[i] = (uint8_t)samples_clamp((sum + 32) >> 6, -128, 127);
    }
    return u;
}

#endif

#endif
