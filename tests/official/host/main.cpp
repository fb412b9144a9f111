// A host made of the official HostSupport library, which the tests drive over standard input and output. A program of
// its own, so that a crash is a failed test and not a dead test runner.
#include "session.h"

#include <exception>
#include <map>
#include <memory>

int main() {
    using official::Session;
    using official::Words;
    static const std::map<std::string, void (Session::*)(const Words &)> commands = {
        {"load", &Session::load},       {"plugins", &Session::plugins},         {"describe", &Session::describe},
        {"create", &Session::create},   {"frame", &Session::frame},             {"mislabel", &Session::mislabel},
        {"set", &Session::set},         {"key", &Session::key},                 {"press", &Session::press},
        {"get", &Session::get},         {"preferences", &Session::preferences}, {"queries", &Session::queries},
        {"render", &Session::render},   {"watched", &Session::watched},         {"destroy", &Session::destroy},
        {"unload", &Session::unload},   {"end threads", &Session::endThreads},  {"mapped", &Session::mapped},
    };
    official::takeOutput();
    Session session;
    // Not on the main thread: what a library leaves on a thread that called it shows when the thread ends.
    std::unique_ptr<official::Worker> front(new official::Worker);
    for (Words words; official::readCommand(words);) {
        const auto command = commands.find(words[0]);
        try {
            if (command == commands.end()) throw official::Refused("there is no command " + words[0]);
            front->start([&] { (session.*command->second)(Words(words.begin() + 1, words.end())); });
            front->wait();
            if (words[0] == "end threads") front.reset(new official::Worker);
            official::done();
        } catch (const std::exception &error) {
            official::refuse(error.what());
        } catch (const OFX::Host::Property::Exception &error) {
            official::refuse("HostSupport threw " + official::statusName(error.getStatus()));
        }
    }
    front->start([&] { session.destroy({}); });
    front->wait();
    return 0;
}
