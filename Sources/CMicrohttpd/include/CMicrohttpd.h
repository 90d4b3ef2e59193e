#pragma once

#include <stdbool.h>
#include <stddef.h>

/// A server on one thread of its own, by libmicrohttpd; requests have no bodies.
struct chttp_server;

/// One request that waits for its answer.
struct chttp_exchange;

/// Called on the server's thread, which must not be held up, for each request once. It is answered once, now or later,
/// by chttp_answer.
typedef void (*chttp_handler)(void *_Nullable context, struct chttp_exchange *_Nonnull exchange);

/// Called for each name and value; they live until it returns.
typedef void (*chttp_visit)(void *_Nullable context, const char *_Nonnull name, const char *_Nonnull value);

/// libmicrohttpd's own lines, without a newline; from any of the server's threads.
typedef void (*chttp_log)(void *_Nullable context, const char *_Nonnull line);

struct chttp_settings {
    /// A socket that listens; the server closes it in the end.
    int socket;
    /// PEM texts; both NULL for a server without TLS.
    const char *_Nullable certificate;
    const char *_Nullable key;
    /// PEM texts of the authorities that clients' certificates come from; NULL when clients need none.
    const char *_Nullable client_authorities;
    /// Connections at once.
    unsigned connections;
    /// Bytes of a request's head.
    size_t head_bytes;
    /// Seconds in which nothing comes before a connection is closed.
    unsigned idle_seconds;
    /// Seconds that a request may take to come and its answer to go; a tenth while three quarters of the connections
    /// are in use.
    unsigned request_seconds;
    chttp_handler _Nonnull handle;
    chttp_log _Nonnull log;
    void *_Nullable context;
};

/// Starts a server; NULL with an `errno` when it cannot (EINVAL: the certificate or the key cannot be used).
struct chttp_server *_Nullable chttp_start(const struct chttp_settings *_Nonnull settings);

/// Stops it. Every request must have been answered.
void chttp_stop(struct chttp_server *_Nonnull server);

/// The method, and the path with its escapes resolved; both live as long as the request.
const char *_Nonnull chttp_method(const struct chttp_exchange *_Nonnull exchange);
const char *_Nonnull chttp_path(const struct chttp_exchange *_Nonnull exchange);

/// Whether the head announces a body.
bool chttp_has_body(const struct chttp_exchange *_Nonnull exchange);

/// Whether the client has shown a certificate of one of `client_authorities`.
bool chttp_is_client_known(const struct chttp_exchange *_Nonnull exchange);

/// Visits the headers, or the parameters of the query.
void chttp_headers(struct chttp_exchange *_Nonnull exchange, void *_Nullable context, chttp_visit _Nonnull visit);
void chttp_query(struct chttp_exchange *_Nonnull exchange, void *_Nullable context, chttp_visit _Nonnull visit);

struct chttp_header {
    const char *_Nonnull name;
    const char *_Nonnull value;
};

/// Answers a request, from any thread; the texts and the body are copied. The request is gone then.
void chttp_answer(
    struct chttp_exchange *_Nonnull exchange, unsigned status, const struct chttp_header *_Nullable headers, size_t count,
    const void *_Nullable body, size_t size);
