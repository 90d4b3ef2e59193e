#include "CMicrohttpd.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What is known of one open connection. */
struct visitor {
    int socket; /* -1: free */
    time_t since; /* when it was accepted, or its last answer had gone */
};

struct chttp_server {
    struct chttp_settings settings;
    struct MHD_Daemon *daemon;
    pthread_t sweeper;
    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t wake;
    bool is_stopping;
    unsigned open; /* connections */
    unsigned begun; /* requests that are not completed */
    struct visitor visitors[];
};

struct chttp_exchange {
    struct chttp_server *server;
    struct MHD_Connection *connection;
    const char *method;
    const char *path;
    bool has_body;
    bool is_client_known;
    bool is_asked;
    pthread_mutex_t lock; /* for what follows */
    bool is_suspended;
    bool is_answered;
    struct MHD_Response *response; /* NULL when memory was short: the connection is closed */
    unsigned status;
};

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* --- Connections that take too long --- */

static struct visitor *visitor(struct chttp_server *server, int socket)
{
    for (unsigned i = 0; i < server->settings.connections; i++)
        if (server->visitors[i].socket == socket) return &server->visitors[i];
    return NULL;
}

static int socket_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}

/* A connection's socket is closed only after this has told of its end. */
static void notified(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_ConnectionNotificationCode code)
{
    (void)state;
    struct chttp_server *server = context;
    int socket = socket_of(connection);
    pthread_mutex_lock(&server->lock);
    struct visitor *found = visitor(server, code == MHD_CONNECTION_NOTIFY_STARTED ? -1 : socket);
    if (found && code == MHD_CONNECTION_NOTIFY_STARTED) {
        *found = (struct visitor){.socket = socket, .since = now()};
        server->open++;
    } else if (found) {
        found->socket = -1;
        server->open--;
    }
    pthread_mutex_unlock(&server->lock);
}

/* An idle time-out alone lets a client that sends a byte now and then stay for ever. */
static void *sweep(void *context)
{
    struct chttp_server *server = context;
    pthread_mutex_lock(&server->lock);
    while (!server->is_stopping) {
        struct timespec next;
        clock_gettime(CLOCK_REALTIME, &next);
        next.tv_sec += 1;
        pthread_cond_timedwait(&server->wake, &server->lock, &next);
        bool is_crowded = server->open >= server->settings.connections / 4 * 3;
        time_t longest = server->settings.request_seconds / (is_crowded ? 10 : 1);
        time_t limit = now() - longest;
        for (unsigned i = 0; server->open && i < server->settings.connections; i++)
            if (server->visitors[i].socket >= 0 && server->visitors[i].since < limit)
                shutdown(server->visitors[i].socket, SHUT_RDWR);
    }
    pthread_mutex_unlock(&server->lock);
    return NULL;
}

/* --- Requests --- */

static bool is_client_known(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!info || !info->tls_session) return false;
    unsigned count = 0;
    unsigned faults = 0;
    gnutls_session_t session = (gnutls_session_t)info->tls_session;
    return gnutls_certificate_get_peers(session, &count) && count > 0
        && gnutls_certificate_verify_peers2(session, &faults) == 0 && faults == 0;
}

static enum MHD_Result begin(
    struct chttp_server *server, struct MHD_Connection *connection, const char *path, const char *method, void **state)
{
    struct chttp_exchange *exchange = calloc(1, sizeof *exchange);
    if (!exchange) return MHD_NO;
    exchange->server = server;
    exchange->connection = connection;
    exchange->path = path;
    exchange->method = method;
    const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    exchange->has_body = (length && strcmp(length, "0") != 0)
        || MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Transfer-Encoding");
    exchange->is_client_known = server->settings.client_authorities && is_client_known(connection);
    pthread_mutex_init(&exchange->lock, NULL);
    pthread_mutex_lock(&server->lock);
    server->begun++;
    pthread_mutex_unlock(&server->lock);
    *state = exchange;
    return MHD_YES;
}

static enum MHD_Result respond(struct chttp_exchange *exchange)
{
    if (!exchange->response) return MHD_NO;
    return MHD_queue_response(exchange->connection, exchange->status, exchange->response);
}

static enum MHD_Result handle(
    void *context, struct MHD_Connection *connection, const char *path, const char *method, const char *version,
    const char *upload, size_t *uploaded, void **state)
{
    (void)version;
    (void)upload;
    (void)uploaded;
    struct chttp_server *server = context;
    bool is_first = !*state;
    if (is_first && begin(server, connection, path, method, state) != MHD_YES) return MHD_NO;
    struct chttp_exchange *exchange = *state;
    /* An answer before the end of the request closes the connection, which is right for one with a body only. */
    if (is_first && !exchange->has_body) return MHD_YES;
    if (!exchange->is_asked) {
        exchange->is_asked = true;
        server->settings.handle(server->settings.context, exchange);
    }
    pthread_mutex_lock(&exchange->lock);
    bool is_answered = exchange->is_answered;
    if (!is_answered) {
        MHD_suspend_connection(connection);
        exchange->is_suspended = true;
    }
    pthread_mutex_unlock(&exchange->lock);
    return is_answered ? respond(exchange) : MHD_YES;
}

static void completed(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
    (void)code;
    struct chttp_server *server = context;
    struct chttp_exchange *exchange = *state;
    pthread_mutex_lock(&server->lock);
    struct visitor *found = visitor(server, socket_of(connection));
    if (found) found->since = now();
    if (exchange) server->begun--;
    pthread_mutex_unlock(&server->lock);
    if (!exchange) return;
    *state = NULL;
    if (exchange->response) MHD_destroy_response(exchange->response);
    pthread_mutex_destroy(&exchange->lock);
    free(exchange);
}

static void logged(void *context, const char *format, va_list arguments)
{
    struct chttp_server *server = context;
    char line[512];
    int length = vsnprintf(line, sizeof line, format, arguments);
    if (length < 0) return;
    line[strcspn(line, "\n")] = 0;
    server->settings.log(server->settings.context, line);
}

/* --- The server --- */

static struct MHD_Daemon *start(struct chttp_server *server)
{
    const struct chttp_settings *settings = &server->settings;
    struct MHD_OptionItem options[16];
    unsigned count = 0;
#define ADD(...) options[count++] = (struct MHD_OptionItem){__VA_ARGS__}
    ADD(MHD_OPTION_EXTERNAL_LOGGER, (intptr_t)&logged, server);
    ADD(MHD_OPTION_LISTEN_SOCKET, settings->socket, NULL);
    ADD(MHD_OPTION_CONNECTION_LIMIT, settings->connections, NULL);
    ADD(MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)settings->head_bytes, NULL);
    ADD(MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds, NULL);
    ADD(MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
    ADD(MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)&completed, server);
    ADD(MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)&notified, server);
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    if (settings->certificate) {
        flags |= MHD_USE_TLS;
        ADD(MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)settings->certificate);
        ADD(MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)settings->key);
        ADD(MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2");
        if (settings->client_authorities)
            ADD(MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)settings->client_authorities);
    }
    ADD(MHD_OPTION_END, 0, NULL);
#undef ADD
    return MHD_start_daemon(flags, 0, NULL, NULL, &handle, server, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
}

static void destroy(struct chttp_server *server)
{
    pthread_cond_destroy(&server->wake);
    pthread_mutex_destroy(&server->lock);
    free((char *)server->settings.certificate);
    free((char *)server->settings.key);
    free((char *)server->settings.client_authorities);
    free(server);
}

static const char *copy(const char *text) { return text ? strdup(text) : NULL; }

struct chttp_server *chttp_start(const struct chttp_settings *settings)
{
    struct chttp_server *server = calloc(1, sizeof *server + settings->connections * sizeof(struct visitor));
    if (!server) return NULL;
    server->settings = *settings;
    server->settings.certificate = copy(settings->certificate);
    server->settings.key = copy(settings->key);
    server->settings.client_authorities = copy(settings->client_authorities);
    for (unsigned i = 0; i < settings->connections; i++) server->visitors[i].socket = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->wake, NULL);
    errno = 0;
    server->daemon = start(server);
    if (!server->daemon) {
        int error = errno ? errno : EINVAL;
        destroy(server);
        errno = error;
        return NULL;
    }
    int error = pthread_create(&server->sweeper, NULL, &sweep, server);
    if (error) {
        MHD_stop_daemon(server->daemon);
        destroy(server);
        errno = error;
        return NULL;
    }
    return server;
}

/* Answers that were given last are on their way for a moment. */
static void settle(struct chttp_server *server)
{
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&server->lock);
        bool is_settled = server->begun == 0;
        pthread_mutex_unlock(&server->lock);
        if (is_settled) return;
        usleep(5000);
    }
}

void chttp_stop(struct chttp_server *server)
{
    settle(server);
    pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    pthread_cond_signal(&server->wake);
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->sweeper, NULL);
    MHD_stop_daemon(server->daemon);
    destroy(server);
}

const char *chttp_method(const struct chttp_exchange *exchange) { return exchange->method; }

const char *chttp_path(const struct chttp_exchange *exchange) { return exchange->path; }

bool chttp_has_body(const struct chttp_exchange *exchange) { return exchange->has_body; }

bool chttp_is_client_known(const struct chttp_exchange *exchange) { return exchange->is_client_known; }

struct visiting {
    void *context;
    chttp_visit visit;
};

static enum MHD_Result visit(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
    (void)kind;
    const struct visiting *visiting = context;
    visiting->visit(visiting->context, name, value ? value : "");
    return MHD_YES;
}

void chttp_headers(struct chttp_exchange *exchange, void *context, chttp_visit body)
{
    struct visiting visiting = {context, body};
    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, &visit, &visiting);
}

void chttp_query(struct chttp_exchange *exchange, void *context, chttp_visit body)
{
    struct visiting visiting = {context, body};
    MHD_get_connection_values(exchange->connection, MHD_GET_ARGUMENT_KIND, &visit, &visiting);
}

void chttp_answer(
    struct chttp_exchange *exchange, unsigned status, const struct chttp_header *headers, size_t count, const void *body,
    size_t size)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(size, (void *)body, MHD_RESPMEM_MUST_COPY);
    for (size_t i = 0; response && i < count; i++) MHD_add_response_header(response, headers[i].name, headers[i].value);
    pthread_mutex_lock(&exchange->lock);
    exchange->response = response;
    exchange->status = status;
    exchange->is_answered = true;
    bool is_suspended = exchange->is_suspended;
    /* From here on the server's thread may free it, but for one that is suspended: not before it is resumed. */
    struct MHD_Connection *connection = exchange->connection;
    pthread_mutex_unlock(&exchange->lock);
    if (is_suspended) MHD_resume_connection(connection);
}
