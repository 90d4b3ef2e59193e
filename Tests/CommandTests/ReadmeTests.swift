import TestSupport
import Foundation
import KafkaTestSupport
import Testing

/// What the README shows is what the program does.
struct ReadmeTests {
    private let text: String

    init() throws {
        text = try String(contentsOf: Binary.checkout.appending(path: "README.md"), encoding: .utf8)
    }

    /// The blocks of code in one language.
    private func blocks(_ language: String) -> [Substring] {
        text.components(separatedBy: "\n```").enumerated().compactMap { index, part in
            guard index.isMultiple(of: 2) == false, part.hasPrefix(language + "\n") else { return nil }
            return part.dropFirst(language.count + 1)
        }
    }

    @Test("Every replay and check runs as it stands there")
    func commands() throws {
        let lines = (blocks("sh") + [text[...]]).flatMap { $0.split(separator: "\n") }
            .compactMap { line in
                line.firstMatch(
                    of:
                        /(?:^|`)amiwatch (?:(?:replay|verify(?!-)|check|rules)|(?:findings|state) [^`#]*--trail)[^`#]*/
                )?.output
            }
        #expect(lines.count >= 6)
        // A folder like that of somebody who reads on: the checkout's Deploy, a policy, a copy of a bucket.
        let folder = try TestFolder()
        let deploy = Binary.checkout.appending(path: "Deploy").path
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/Deploy",
            withDestinationPath: deploy
        )
        try folder.write("policy.yaml", String(try #require(blocks("yaml").first)))
        let copies = [
            ("image-criteria.json", "image-criteria.json"), ("deny-untagged.json", "deny-untagged.json"),
            ("s3-copy", "trail"),
        ]
        let signed = try SignedBuckets.folder
        for (name, source) in [("bucket", "intact/bucket"), ("keys.json", "keys-v1.json")] {
            try FileManager.default.copyItem(atPath: "\(signed)/\(source)", toPath: "\(folder.path)/\(name)")
        }
        for (name, source) in copies {
            try FileManager.default.copyItem(
                atPath: "\(deploy)/sample/\(source)",
                toPath: "\(folder.path)/\(name)"
            )
        }
        for line in lines {
            let command = line.drop { $0 == "`" }.dropFirst("amiwatch".count)
            let result = try Binary.script("cd '\(folder.path)' && \"$0\" \(command)")
            #expect(result.status == (line.contains("--fail-on") ? 3 : 0), "\(line): \(result.errors)")
        }
    }

    @Test("What it shows of the sample day is what the program prints")
    func output() throws {
        let shown = blocks("console").flatMap {
            ("\n" + $0).components(separatedBy: "\n$ amiwatch ").dropFirst()
        }
        #expect(!shown.isEmpty)
        for part in shown {
            let lines = part.split(separator: "\n", omittingEmptySubsequences: false)
            let command = try #require(lines.first)
            let result = try Binary.script("cd '\(Binary.checkout.path)' && \"$0\" \(command)")
            #expect(result.status == 0, "\(command): \(result.errors)")
            let output = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(Array(output) == Array(lines.dropFirst()), "\(command)")
        }
    }

    @Test("Its table has the rules of the program, with their severities")
    func rules() throws {
        let table = text.matches(of: /\n\| `([a-z-]+)` \| (informational|low|medium|high|critical)/)
        let listed = Dictionary(table.map { (String($0.output.1), String($0.output.2)) }) { first, _ in first
        }
        let printed = try Binary.run("rules", "--format", "json").output
        let rules = try JSONSerialization.jsonObject(with: Data(printed.utf8)) as? [[String: Any]] ?? []
        var expected: [String: String] = [:]
        for rule in rules { expected[rule["id"] as? String ?? ""] = rule["severity"] as? String }
        #expect(listed == expected)
        #expect(table.count == rules.count)
    }

    @Test("The alert that it shows is one of the sample day's")
    func picture() throws {
        let block = try #require(blocks("").first { $0.hasPrefix("CRITICAL") })
        let alerts = try Binary.script(
            "\"$0\" run --embedded --feed '\(SampleDay.trail)' --policy '\(SampleDay.policy)' --until-end --print-alerts"
        )
        #expect(alerts.output.contains(block), "\(alerts.output.prefix(2000))")
    }

    @Test("Every file that it names is there")
    func links() throws {
        let links = text.matches(of: /\]\(([^)#:]+)\)/).map { String($0.output.1) }
        #expect(links.count > 5)
        for link in links {
            #expect(
                FileManager.default.fileExists(atPath: Binary.checkout.appending(path: link).path),
                "\(link)"
            )
        }
    }
}
