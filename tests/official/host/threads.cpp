#include "threads.h"

#include "host.h"
#include "watch.h"

#include <vector>

namespace official {

Worker::~Worker() {
    {
        std::lock_guard<std::mutex> held(lock_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Worker::start(std::function<void()> job) {
    {
        std::lock_guard<std::mutex> held(lock_);
        error_ = nullptr;
        job_ = std::move(job);
    }
    changed_.notify_all();
}

void Worker::wait() {
    std::unique_lock<std::mutex> held(lock_);
    changed_.wait(held, [this] { return !job_; });
    if (error_) std::rethrow_exception(error_);
}

void Worker::run() {
    std::unique_lock<std::mutex> held(lock_);
    for (;;) {
        changed_.wait(held, [this] { return job_ || ending_; });
        if (!job_) return;
        const std::function<void()> job = job_;
        held.unlock();
        std::exception_ptr error;
        try {
            job();
        } catch (...) {
            error = std::current_exception();
        }
        held.lock();
        error_ = error;
        job_ = nullptr;
        changed_.notify_all();
    }
}

// The multithread suite.

static const unsigned int THREADS = 2;
static thread_local int spawnedIndex = -1;

OfxStatus Host::multiThread(OfxThreadFunctionV1 work, unsigned int count, void *argument) {
    if (!work) return kOfxStatFailed;
    if (spawnedIndex >= 0) return kOfxStatErrExists;
    if (count == 0) count = THREADS;
    const std::string action = currentAction;
    const Rendering *const parent = rendering;
    std::vector<std::thread> threads;
    for (unsigned int index = 0; index < count; ++index) {
        threads.emplace_back([=] {
            spawnedIndex = int(index);
            currentAction = action;
            rendering = parent;
            work(index, count, argument);
        });
    }
    for (auto &thread : threads) thread.join();
    return kOfxStatOK;
}

OfxStatus Host::multiThreadNumCPUS(unsigned int *count) const {
    if (!count) return kOfxStatFailed;
    *count = THREADS;
    return kOfxStatOK;
}

OfxStatus Host::multiThreadIndex(unsigned int *index) const {
    if (!index) return kOfxStatFailed;
    *index = spawnedIndex < 0 ? 0 : unsigned(spawnedIndex);
    return kOfxStatOK;
}

int Host::multiThreadIsSpawnedThread() const { return spawnedIndex >= 0; }

static std::recursive_mutex *real(OfxMutexHandle mutex) { return reinterpret_cast<std::recursive_mutex *>(mutex); }

OfxStatus Host::mutexCreate(OfxMutexHandle *mutex, int lockCount) {
    if (!mutex) return kOfxStatFailed;
    *mutex = reinterpret_cast<OfxMutexHandle>(new std::recursive_mutex);
    for (int n = 0; n < lockCount; ++n) real(*mutex)->lock();
    return kOfxStatOK;
}

OfxStatus Host::mutexDestroy(const OfxMutexHandle mutex) {
    if (!mutex) return kOfxStatErrBadHandle;
    delete real(mutex);
    return kOfxStatOK;
}

OfxStatus Host::mutexLock(const OfxMutexHandle mutex) {
    if (!mutex) return kOfxStatErrBadHandle;
    real(mutex)->lock();
    return kOfxStatOK;
}

OfxStatus Host::mutexUnLock(const OfxMutexHandle mutex) {
    if (!mutex) return kOfxStatErrBadHandle;
    real(mutex)->unlock();
    return kOfxStatOK;
}

OfxStatus Host::mutexTryLock(const OfxMutexHandle mutex) {
    if (!mutex) return kOfxStatErrBadHandle;
    return real(mutex)->try_lock() ? kOfxStatOK : kOfxStatFailed;
}

}
