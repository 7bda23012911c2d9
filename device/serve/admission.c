#include "device/serve/admission.h"

#include <netinet/in.h>
#include <string.h>

#include "shared/base/clock.h"

/* One token comes back in so long. */
#define TOKEN_NS CLOCK_SECOND

static void network_of(const struct socket_address *address, uint8_t network[16])
{
    memset(network, 0, 16);
    if (address->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&address->storage;
        network[10] = network[11] = 0xFF;
        memcpy(network + 12, &in->sin_addr, 4);
    } else if (address->storage.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)&address->storage;
        memcpy(network, &in->sin6_addr, IN6_IS_ADDR_V4MAPPED(&in->sin6_addr) ? 16 : 8);
    }
}

/* The address's entry, or else the one to take for it: whose bucket is full first. */
static struct admission_entry *find(struct admission *admission, const uint8_t network[16])
{
    struct admission_entry *oldest = &admission->entries[0];
    for (unsigned i = 0; i < ADMISSION_ADDRESSES; i++) {
        struct admission_entry *entry = &admission->entries[i];
        if (entry->full_ns && memcmp(entry->network, network, 16) == 0)
            return entry;
        if (entry->full_ns < oldest->full_ns)
            oldest = entry;
    }
    *oldest = (struct admission_entry){ 0 };
    memcpy(oldest->network, network, 16);
    return oldest;
}

bool admission_take(struct admission *admission, const struct socket_address *address,
                    uint64_t now_ns)
{
    uint8_t network[16];
    network_of(address, network);
    struct admission_entry *entry = find(admission, network);
    if (entry->full_ns < now_ns)
        entry->full_ns = now_ns;
    if (entry->full_ns - now_ns > (ADMISSION_BURST - 1) * TOKEN_NS)
        return false;
    entry->full_ns += TOKEN_NS;
    return true;
}

void admission_give_back(struct admission *admission, const struct socket_address *address,
                         uint64_t now_ns)
{
    uint8_t network[16];
    network_of(address, network);
    struct admission_entry *entry = find(admission, network);
    entry->full_ns = entry->full_ns > now_ns + TOKEN_NS ? entry->full_ns - TOKEN_NS : now_ns;
}
