import Alerts
import Configuration
import Foundation
import Cryptography
import Kafka
import KafkaTestSupport
import TestSupport
import Testing

@testable import Pipeline

/// Signed alerts, checked by OpenSSL's own program and by `amiwatch verify-alerts`.
@Suite(.needsRealBroker, .ownThread, .serialized)
struct SignedAlertTests {
    /// A pair of keys in files.
    private struct Keys {
        let folder: TestFolder
        var privateKey: String { folder.path + "/key.pem" }
        var publicKey: String { folder.path + "/public.pem" }

        init() throws {
            folder = try TestFolder()
            for arguments in [
                ["genpkey", "-algorithm", "ed25519", "-out", privateKey],
                ["pkey", "-in", privateKey, "-pubout", "-out", publicKey],
            ] {
                let result = try runCommand(["openssl"] + arguments)
                try #require(result.status == 0, "\(result.errors)")
            }
        }
    }

    private func signedStage(_ keys: Keys) throws -> Stage {
        let history = History(seed: 42, records: 400)
        var stage = try Stage(formats: [.native, .ocsf])
        stage.configuration.alerts.signingKeyFile = keys.privateKey
        stage.configuration.alerts.signingKeyLocation = FileLocation(file: "test", isSetting: true)
        try stage.produce(history.events)
        try stage.runToEnd()
        return stage
    }

    private func verify(_ arguments: [String]) throws -> (result: CommandResult, faults: [[String: String]]) {
        let result = try runCommand([Worker.binary, "verify-alerts", "--format", "json"] + arguments)
        let faults = try result.output.split(separator: "\n").map { line in
            try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                .mapValues { "\($0)" }
        }
        return (result, faults)
    }

    private func header(_ name: String, of message: ReadMessage) -> [UInt8] {
        message.headers.first { $0.name == name }?.value ?? []
    }

    @Test("OpenSSL's own program takes the signature over exactly the bytes, in every format")
    func foreignCheck() throws {
        let keys = try Keys()
        let stage = try signedStage(keys)
        for topic in [stage.topics.alerts, stage.configuration.topic(of: .ocsf)] {
            let messages = try readAll(topic, at: stage.broker.bootstrapServers)
            try #require(messages.count > 5)
            for message in messages.prefix(5) {
                let (value, signature) = (keys.folder.path + "/value", keys.folder.path + "/signature")
                try Data((message.value ?? "").utf8).write(to: URL(filePath: value))
                let encoded = Data(header("signature", of: message))
                let bytes = try #require(Data(base64Encoded: encoded))
                try bytes.write(to: URL(filePath: signature))
                let result = try runCommand([
                    "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys.publicKey, "-rawin", "-in",
                    value,
                    "-sigfile", signature,
                ])
                #expect(result.status == 0, "\(result.errors)")
            }
        }
    }

    @Test("What is forged, unsigned, signed by another or repeated on the topic is named, and nothing else")
    func onTopic() throws {
        let (keys, others) = (try Keys(), try Keys())
        let stage = try signedStage(keys)
        let servers = ["--bootstrap-servers", stage.broker.bootstrapServers, "--topic", stage.topics.alerts]
        let (clean, none) = try verify(["--public-key", keys.publicKey] + servers)
        #expect(clean.status == 0, "\(clean.output) \(clean.errors)")
        #expect(none.isEmpty && clean.errors.contains("nothing is wrong"), "\(clean.errors)")

        let genuine = try #require(try stage.alerts().first)
        let value = try #require(genuine.value)
        let other = try Ed25519.PrivateKey(pem: Array(Data(contentsOf: URL(filePath: others.privateKey))))
        let foreign = [
            Header("signature", Data(other.signature(of: Array(value.utf8))).base64EncodedString()),
            Header("signature-key-id", other.id),
        ]
        try produce(
            [
                TestMessage(value, key: genuine.key, headers: genuine.headers),
                TestMessage(
                    value.replacing("\"open\"", with: "\"resolved\"") + " ",
                    key: genuine.key,
                    headers: genuine.headers
                ),
                TestMessage(value, key: genuine.key),
                TestMessage(value, key: genuine.key, headers: foreign),
            ],
            to: stage.topics.alerts,
            at: stage.broker.bootstrapServers
        )
        let (found, faults) = try verify(["--public-key", keys.publicKey] + servers)
        #expect(found.status == 3)
        #expect(
            faults.map { $0["fault"] ?? "" }.sorted() == ["forged", "repeated", "unknown-key", "unsigned"],
            "\(faults)"
        )
        let (both, _) = try verify(
            ["--public-key", keys.publicKey, "--public-key", others.publicKey] + servers
        )
        #expect(both.errors.contains("2 repeated"), "\(both.errors)")
        let ocsf =
            ["--bootstrap-servers", stage.broker.bootstrapServers]
            + ["--topic", stage.configuration.topic(of: .ocsf)]
        #expect(try verify(["--public-key", keys.publicKey] + ocsf).result.status == 0)
    }

    @Test("A line that is taken out of what kcat printed is missed where its finding goes on")
    func inFile() throws {
        guard try runCommand(["bash", "-c", "command -v kcat"]).status == 0 else {
            print("\n!! kcat: NOT TRIED, it is not installed (apt-get install kcat)\n")
            return
        }
        let keys = try Keys()
        let stage = try signedStage(keys)
        let printed = try runCommand([
            "kcat", "-b", stage.broker.bootstrapServers, "-t", stage.topics.alerts, "-C", "-e", "-q", "-J",
            "-X", "isolation.level=read_committed",
        ])
        try #require(printed.status == 0, "\(printed.errors)")
        let lines = printed.output.split(separator: "\n").map(String.init)
        let file = keys.folder.path + "/alerts.jsonl"
        func verify(_ lines: [String]) throws -> (CommandResult, [[String: String]]) {
            try lines.joined(separator: "\n").write(toFile: file, atomically: true, encoding: .utf8)
            let (result, faults) = try self.verify(["--public-key", keys.publicKey, file])
            return (result, faults)
        }
        #expect(try verify(lines.shuffled()).0.status == 0)
        // The first of a finding that has a second.
        let ids = try lines.map { line in
            let message = try #require(JSONTree(Array(line.utf8)))
            return try #require(message["payload"]?.text.flatMap { JSONTree(Array($0.utf8)) })
        }
        let second = try #require(
            ids.firstIndex { $0["revision"]?.integer == 2 && $0["instances"] == .null }
        )
        let finding = ids[second]["finding_id"]
        let first = try #require(
            ids.firstIndex { $0["finding_id"] == finding && $0["revision"]?.integer == 1 }
        )
        var cut = lines
        cut.remove(at: first)
        let (result, faults) = try verify(cut)
        // Of an offset 0 that is taken out nobody can tell that it was there.
        let isBeginning = JSONTree(Array(lines[first].utf8))?["offset"]?.integer == 0
        #expect(result.status == (isBeginning ? 0 : 3), "\(result.output) \(result.errors)")
        if !isBeginning {
            #expect(faults.map { $0["fault"] } == ["missing"], "\(faults)")
            #expect(faults.first?["finding_id"] == finding?.text)
        }
        #expect(try verify(lines + [lines[first]]).1.map { $0["fault"] } == ["repeated"])
    }

    @Test("A key that is none stops the run before it begins, and says how to make one")
    func badKey() throws {
        let keys = try Keys()
        var stage = try Stage()
        stage.configuration.alerts.signingKeyLocation = FileLocation(
            file: "amiwatch.yaml",
            line: 3,
            column: 5
        )
        for (file, word) in [
            (keys.folder.path + "/nothing", "no such file"), (keys.publicKey, "no private key in PEM"),
        ] {
            stage.configuration.alerts.signingKeyFile = file
            let failure = #expect(throws: RunFailure.self) { try stage.runToEnd() }
            #expect(failure?.description.contains(word) == true, "\(failure as Any)")
            #expect(failure?.description.contains("amiwatch.yaml:3:5") == true)
        }
    }
}
