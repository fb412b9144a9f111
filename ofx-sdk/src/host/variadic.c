/* The functions of the parameter and message suites that C declares variadic. Stable Rust can call variadic functions
   but not define them; these unpack the arguments and hand them to src/host/variadic.rs through a table of functions
   that Rust sets once, before any plug-in can reach a suite. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "ofxMessage.h"
#include "ofxParam.h"

enum { MAX_COMPONENTS = 4, MESSAGE_BUFFER = 4096 };

typedef union { int i; double d; const char *s; } Value;

/* Which of the getters is meant; the same numbers stand in variadic.rs. */
enum { GET_VALUE, GET_AT_TIME, GET_DERIVATIVE, GET_INTEGRAL };
/* Which of the message functions; the same numbers stand in variadic.rs. */
enum { MESSAGE_V1, MESSAGE_V2, PERSISTENT_V2 };

typedef struct OfxSdkCalls {
    /* 'i', 'd', 's', '-' for a kind without value, or 0 for an unknown handle; *count gets the components. */
    char (*kind)(OfxParamHandle param, int *count);
    OfxStatus (*get)(OfxParamHandle param, int what, double t1, double t2, void *const *out, int count);
    OfxStatus (*set)(OfxParamHandle param, const double *time, const Value *in, int count);
    /* Whether formatting would go wrong: a format that reads arguments although hosts cannot pass them reliably. */
    OfxStatus (*message)(int which, void *handle, const char *type, const char *id, const char *format, const char *text);
} OfxSdkCalls;

static const OfxSdkCalls *calls;

void ofx_sdk_set_calls(const OfxSdkCalls *table) { calls = table; }

static OfxStatus get(OfxParamHandle param, int what, double t1, double t2, va_list args) {
    int count = 0;
    void *out[MAX_COMPONENTS] = {0};
    char kind = calls->kind(param, &count);
    if (!kind || count < 0 || count > MAX_COMPONENTS) return kOfxStatErrBadHandle;
    for (int n = 0; n < count; ++n) out[n] = va_arg(args, void *);
    return calls->get(param, what, t1, t2, out, count);
}

static OfxStatus set(OfxParamHandle param, const double *time, va_list args) {
    int count = 0;
    Value in[MAX_COMPONENTS];
    char kind = calls->kind(param, &count);
    if (!kind || count < 0 || count > MAX_COMPONENTS) return kOfxStatErrBadHandle;
    for (int n = 0; n < count; ++n) {
        if (kind == 'd') in[n].d = va_arg(args, double);
        else if (kind == 's') in[n].s = va_arg(args, const char *);
        else in[n].i = va_arg(args, int);
    }
    return calls->set(param, time, in, count);
}

OfxStatus ofx_sdk_paramGetValue(OfxParamHandle param, ...) {
    va_list args;
    va_start(args, param);
    OfxStatus status = get(param, GET_VALUE, 0, 0, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_paramGetValueAtTime(OfxParamHandle param, OfxTime time, ...) {
    va_list args;
    va_start(args, time);
    OfxStatus status = get(param, GET_AT_TIME, time, 0, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_paramGetDerivative(OfxParamHandle param, OfxTime time, ...) {
    va_list args;
    va_start(args, time);
    OfxStatus status = get(param, GET_DERIVATIVE, time, 0, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_paramGetIntegral(OfxParamHandle param, OfxTime time1, OfxTime time2, ...) {
    va_list args;
    va_start(args, time2);
    OfxStatus status = get(param, GET_INTEGRAL, time1, time2, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_paramSetValue(OfxParamHandle param, ...) {
    va_list args;
    va_start(args, param);
    OfxStatus status = set(param, 0, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_paramSetValueAtTime(OfxParamHandle param, OfxTime time, ...) {
    va_list args;
    va_start(args, time);
    OfxStatus status = set(param, &time, args);
    va_end(args);
    return status;
}

static OfxStatus message(int which, void *handle, const char *type, const char *id, const char *format, va_list args) {
    char text[MESSAGE_BUFFER];
    char *longer = 0;
    va_list again;
    int length = 0;
    OfxStatus status;
    if (!format) return calls->message(which, handle, type, id, 0, 0);
    va_copy(again, args);
    length = vsnprintf(text, sizeof text, format, args);
    if (length >= (int)sizeof text && (longer = malloc((size_t)length + 1))) {
        vsnprintf(longer, (size_t)length + 1, format, again);
    }
    va_end(again);
    if (length < 0) text[0] = 0;
    status = calls->message(which, handle, type, id, format, longer ? longer : text);
    free(longer);
    return status;
}

OfxStatus ofx_sdk_message_v1(void *handle, const char *type, const char *id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    OfxStatus status = message(MESSAGE_V1, handle, type, id, format, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_message_v2(void *handle, const char *type, const char *id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    OfxStatus status = message(MESSAGE_V2, handle, type, id, format, args);
    va_end(args);
    return status;
}

OfxStatus ofx_sdk_setPersistentMessage(void *handle, const char *type, const char *id, const char *format, ...) {
    va_list args;
    va_start(args, format);
    OfxStatus status = message(PERSISTENT_V2, handle, type, id, format, args);
    va_end(args);
    return status;
}
