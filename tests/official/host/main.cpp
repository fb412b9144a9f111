// A host made of the official HostSupport library, which the tests drive over standard input and output. A program of
// its own, so that a crash is a failed test and not a dead test runner.
#include "session.h"

#include <exception>
#include <map>

int main() {
    using official::Session;
    using official::Words;
    static const std::map<std::string, void (Session::*)(const Words &)> commands = {
        {"load", &Session::load},       {"plugins", &Session::plugins},         {"describe", &Session::describe},
        {"create", &Session::create},   {"frame", &Session::frame},             {"mislabel", &Session::mislabel},
        {"set", &Session::set},         {"key", &Session::key},                 {"press", &Session::press},
        {"get", &Session::get},         {"preferences", &Session::preferences}, {"queries", &Session::queries},
        {"render", &Session::render},   {"watched", &Session::watched},         {"destroy", &Session::destroy},
        {"unload", &Session::unload},   {"end threads", &Session::endThreads},
    };
    official::takeOutput();
    Session session;
    for (Words words; official::readCommand(words);) {
        const auto command = commands.find(words[0]);
        try {
            if (command == commands.end()) throw official::Refused("there is no command " + words[0]);
            (session.*command->second)(Words(words.begin() + 1, words.end()));
            official::done();
        } catch (const std::exception &error) {
            official::refuse(error.what());
        } catch (const OFX::Host::Property::Exception &error) {
            official::refuse("HostSupport threw " + official::statusName(error.getStatus()));
        }
    }
    return 0;
}
