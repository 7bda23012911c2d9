#include "host/lib/handshake.h"

#include <errno.h>

#include "shared/base/clock.h"

int handshake_wait(struct transport *transport, const struct dial_waiter *waiter, uint64_t until)
{
    int error;
    while ((error = transport->ops->handshake(transport)) == -EAGAIN) {
        int left = clock_left_ms(until);
        if (left == 0)
            return -ETIMEDOUT;
        if (waiter->wait(waiter->user, transport->fd, transport->waits_for, left))
            return -ECANCELED;
    }
    return error;
}

bool handshake_is_refused(int error)
{
    return error == -EACCES || error == -EPROTO;
}

const char *handshake_why(int error)
{
    switch (error) {
    case -EACCES:
        return "does not take the key that is stored for it: have a new one made there (pitetherd "
               "--add-key NAME) and store what it prints (pitether --import-key HOST)";
    case -EPROTO:
        return "speaks no TLS, but a key is stored for it, so plain text is out of the question";
    case -ETIMEDOUT:
        return "took too long to prove who it is";
    case -EBADMSG:
        return "can't prove who it is: what it said arrived damaged (something on the way changes "
               "what is sent)";
    case -ECONNABORTED:
        return "can't be asked who it is: TLS failed, here or there";
    default:
        return "broke off before it proved who it is";
    }
}
