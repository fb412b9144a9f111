// Threads that render, and live on when the plug-in is gone.
#ifndef THREADS_H
#define THREADS_H

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace official {

/// A thread that does one job after the other until it is told to end.
class Worker {
public:
    Worker() : thread_([this] { run(); }) {}
    ~Worker();

    void start(std::function<void()> job);
    /// Waits for the job, and throws what it threw.
    void wait();

private:
    void run();

    std::mutex lock_;
    std::condition_variable changed_;
    std::function<void()> job_;
    std::exception_ptr error_;
    bool ending_ = false;
    std::thread thread_;
};

}

#endif
