import Foundation
import KafkaTestSupport
import Testing

/// The front of the program: commands, options, exit statuses.
struct ShellTests {
    @Test(
        "Wrong usage is one line that names the nearest right word, and exit status 2",
        arguments: [
            ([], "amiwatch: name a command (see 'amiwatch --help')"),
            (["chekc"], "amiwatch: unknown command chekc; did you mean check? (see 'amiwatch --help')"),
            (["quux"], "amiwatch: unknown command quux (see 'amiwatch --help')"),
            (
                ["--polcy"],
                "amiwatch: unknown option --polcy: the command comes first (see 'amiwatch --help')"
            ),
            (
                ["help", "ruls"],
                "amiwatch: unknown command ruls; did you mean rules? (see 'amiwatch --help')"
            ),
            (
                ["check", "--polcy", "x"],
                "amiwatch: check: unknown option --polcy; did you mean --policy? (see 'amiwatch check --help')"
            ),
            (
                ["check", "--policy"],
                "amiwatch: check: --policy needs a value: --policy=FILE (see 'amiwatch check --help')"
            ),
            (
                ["check", "--policy", "a", "--policy=b"],
                "amiwatch: check: --policy is given twice (see 'amiwatch check --help')"
            ),
            (
                ["check", "--policy", "a", "--format", "xml"],
                "amiwatch: check: --format cannot be xml: text, json (see 'amiwatch check --help')"
            ),
            (["rules", "--help=x"], "amiwatch: rules: --help takes no value (see 'amiwatch rules --help')"),
            (["rules", "-z"], "amiwatch: rules: unknown option -z (see 'amiwatch rules --help')"),
            (
                ["rules", "--", "word"],
                "amiwatch: rules: word is not understood: the command takes options only (see 'amiwatch rules --help')"
            ),
            (
                ["check"],
                "amiwatch: check: name what to check: --policy FILE or --config FILE (see 'amiwatch check --help')"
            ),
        ]
    )
    func usage(arguments: [String], line: String) throws {
        let result = try runCommand([Binary.path] + arguments)
        #expect(result.errors == line + "\n")
        #expect(result.output.isEmpty)
        #expect(result.status == 2)
    }

    @Test("Help lists every command, and each command's help its options")
    func help() throws {
        let all = try Binary.run("--help")
        #expect(all.status == 0)
        #expect(all.errors.isEmpty)
        let names = all.output.split(separator: "\n").filter { $0.hasPrefix("  ") }.compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
        #expect(names.contains("check") && names.contains("rules"))
        #expect(all.output.contains("\nExit status: 0 done; 1 failed, "))
        for name in names {
            let one = try Binary.run(name, "--help")
            #expect(one.status == 0)
            #expect(one.output.hasPrefix("Usage: amiwatch \(name) "))
            #expect(one.output.contains("--help"))
            #expect(try Binary.run("help", name).output == one.output)
            #expect(try Binary.run(name, "-h").output == one.output)
            #expect(try Binary.run(name, "--usage").output.hasPrefix("Usage: amiwatch \(name) "))
        }
    }

    @Test("The version is printed, before and after a command")
    func version() throws {
        let result = try Binary.run("--version")
        #expect(result.status == 0)
        #expect(result.output.hasPrefix("amiwatch "))
        #expect(try Binary.run("rules", "--version").output == result.output)
    }

    @Test("An option may be shortened while it stays the only one meant")
    func abbreviation() throws {
        #expect(try Binary.run("rules", "--form=json").output.hasPrefix("[{\"id\":"))
    }

    @Test("The rules are listed as a table and as JSON")
    func rules() throws {
        let table = try Binary.run("rules")
        #expect(table.status == 0)
        #expect(table.output.contains("ami-shared-publicly"))
        let json = try JSONSerialization.jsonObject(
            with: Data(try Binary.run("rules", "--format", "json").output.utf8)
        )
        let rules = try #require(json as? [[String: Any]])
        #expect(rules.count == table.output.split(separator: "\n").count - 1)
        for rule in rules {
            #expect(rule["id"] is String && rule["title"] is String && rule["severity"] is String)
        }
    }

    @Test("When nobody reads any more the program ends without a word, as others do")
    func closedOutput() throws {
        let result = try Binary.script(
            "exec 3> >(true); wait $!; \"$0\" rules >&3; echo \"status $?\" >&2"
        )
        #expect(result.errors == "status 141\n")
    }

    @Test("A full disk is a failure that says so")
    func fullDisk() throws {
        let result = try Binary.script("\"$0\" rules > /dev/full")
        #expect(result.status == 1)
        #expect(result.errors == "amiwatch: writing standard output: No space left on device\n")
    }

    @Test("A closed standard output is a failure that says so")
    func noOutput() throws {
        let result = try Binary.script("\"$0\" rules >&-")
        #expect(result.status == 1)
        #expect(result.errors == "amiwatch: writing standard output: Bad file descriptor\n")
    }
}
