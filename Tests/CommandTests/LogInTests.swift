import Foundation
import Kafka
import KafkaTestSupport
import Testing
import TestSupport

/// The log-ins that people have beside user name and password: SCRAM, and tokens of an identity provider.
///
/// What this librdkafka cannot do is refused at the start; the same tests run with a newer one
/// (`Deploy/packages --librdkafka`) show that it works there.
@Suite(.needsKafkaHome, .ownThread, .serialized)
struct LogInTests {
    @Test("Every log-in of Kafka's does the whole job, or is refused by name at the start")
    func logIns() throws {
        let cluster = try SecuredCluster(takesTokens: true)
        let provider = try #require(cluster.provider)
        defer {
            cluster.broker.stop()
            provider.stop()
        }
        try cluster.folder.write("token", try provider.token(seconds: 600))
        let plain = cluster.broker.bootstrapServers
        let made = try Binary.run("topics", "--create", "--partitions", "1", "--bootstrap-servers", plain)
        try #require(made.status == 0, "\(made)")
        let permitted = try cluster.startPermitting().result()
        try #require(permitted.status == 0, "\(permitted)")
        try produce(SampleDay.records.map { TestMessage($0) }, to: "cloudtrail", at: plain)

        try wholeJobs(cluster)
        try refusals(cluster, provider)
        try tokenThatExpires(cluster, provider)
        for secret in SecuredCluster.secrets + [try cluster.folder.read("token")] {
            let secret = secret.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(!cluster.printed.contains(secret), "\(secret) was printed")
        }
    }

    /// What a server of OpenID Connect gives, without a file.
    private static func askingServer(_ cluster: SecuredCluster) -> Settings {
        cluster.token(
            [
                "sasl.oauthbearer.method": "oidc",
                "sasl.oauthbearer.token.endpoint.url": "\(cluster.provider?.address ?? "")/token",
                "sasl.oauthbearer.client.id": "amiwatch-client",
                "sasl.oauthbearer.client.secret": "${PASSWORD}",
                "sasl.oauthbearer.scope": "kafka",
            ],
            file: nil
        )
    }

    private func wholeJobs(_ cluster: SecuredCluster) throws {
        var alerts = 0
        func works(_ settings: Settings, password: String = "pass-of-amiwatch") throws {
            var settings = settings
            settings.isVerbose = true
            let topics = try cluster.run(settings, "topics", password: password)
            #expect(topics.status == 0, "\(topics.output)\(topics.errors.suffix(2000))")
            let run = try cluster.run(
                settings,
                "run",
                "--policy",
                SampleDay.policy,
                "--until-end",
                password: password
            )
            #expect(run.status == 0, "\(run.errors.suffix(2000))")
            let count = try readAll("amiwatch.alerts", at: cluster.broker.bootstrapServers).count
            #expect(alerts == 0 ? count > 0 : count == alerts, "each job says only what no other said")
            alerts = count
        }
        try works(cluster.token())
        if KafkaLibrary.hasScramOfKafka4 {
            for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
                try works(cluster.login(["sasl.mechanism": mechanism]))
            }
        }
        if KafkaLibrary.features.contains("oidc") {
            try works(Self.askingServer(cluster), password: "pass-of-the-client")
        }
    }

    private func refusals(_ cluster: SecuredCluster, _ provider: IdentityProvider) throws {
        try cluster.folder.write("expired", try provider.token(seconds: -100))
        try cluster.folder.write("forged", "AAAA" + provider.token(seconds: 600))
        try cluster.folder.write("empty", "\n")
        var cases: [(Settings, [String])] = [
            (
                cluster.login(["sasl.mechanism": "AWS_MSK_IAM"]),
                ["AWS_MSK_IAM", "SCRAM-SHA-512", "kafka.oauth_token_file", "client certificate"]
            ),
            (cluster.login(["sasl.mechanism": "SCRAM-SHA-1"]), ["SCRAM-SHA-1", "PLAIN, SCRAM-SHA-256"]),
            (cluster.token(file: nil), ["OAUTHBEARER", "write kafka.oauth_token_file: FILE"]),
            (cluster.token(["sasl.mechanism": "PLAIN"]), ["is PLAIN", "write sasl.mechanism: OAUTHBEARER"]),
            (cluster.token(["security.protocol": "SSL"]), ["no log-in is asked for", "SASL_SSL"]),
            (cluster.token(file: "nowhere"), ["nowhere", "No such file or directory"]),
            (cluster.token(file: "empty"), ["the file is empty"]),
            (cluster.token(file: "expired"), ["the token expired at 20"]),
            (cluster.token(file: "forged"), ["_AUTHENTICATION", "kafka.oauth_token_file"]),
        ]
        if KafkaLibrary.features.contains("oidc") {
            cases += [
                (Self.askingServer(cluster), ["_AUTHENTICATION", "sasl.oauthbearer"]),
                (
                    cluster.token(["sasl.oauthbearer.method": "oidc"]),
                    ["both kafka.oauth_token_file and sasl.oauthbearer.method oidc"]
                ),
            ]
        } else {
            cases.append(
                (
                    Self.askingServer(cluster),
                    [
                        "sasl.oauthbearer.", "libcurl", "kafka.oauth_token_file",
                        "Deploy/packages --librdkafka",
                    ]
                )
            )
        }
        if !KafkaLibrary.hasScramOfKafka4 {
            for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
                cases.append(
                    (
                        cluster.login(["sasl.mechanism": mechanism]),
                        ["SCRAM", "2.6.1", "Deploy/packages --librdkafka"]
                    )
                )
            }
        }
        for command in [["topics"], ["run", "--policy", SampleDay.policy, "--until-end"]] {
            let running = try cases.map { try cluster.start($0.0, command) }
            for (running, (_, words)) in zip(running, cases) {
                let result = cluster.result(of: running)
                let lines = result.errors.split(separator: "\n").filter {
                    !$0.hasPrefix("{") || $0.contains("\"exit_status\"")
                }
                #expect(result.status == 1 && lines.count == 1, "\(command[0]): \(result)")
                for word in words {
                    #expect(lines.first?.contains(word) == true, "\(command[0]): \(word): \(result)")
                }
            }
        }
    }

    /// A worker outlives the token that it began with, also when the file has a new one too late.
    private func tokenThatExpires(_ cluster: SecuredCluster, _ provider: IdentityProvider) throws {
        let seconds = 15
        try cluster.folder.write("short", try provider.token(seconds: seconds))
        let start = ContinuousClock.now
        var settings = cluster.token(file: "short")
        settings.isVerbose = true
        let worker = try cluster.start(settings, ["run", "--policy", SampleDay.policy])
        func alerts() throws -> Int {
            try readAll("amiwatch.alerts", at: cluster.broker.bootstrapServers).count
        }
        let before = try alerts()
        while ContinuousClock.now < start + .seconds(seconds + 10) { usleep(100_000) }
        try cluster.folder.write("short", try provider.token(seconds: 600))
        let late = """
            {"eventVersion":"1.08","userIdentity":{"type":"Root","accountId":"777788889999"},\
            "eventTime":"2026-03-18T08:00:00Z","eventSource":"ec2.amazonaws.com",\
            "eventName":"DisableImageBlockPublicAccess","awsRegion":"eu-west-3","sourceIPAddress":"192.0.2.1",\
            "requestParameters":{},"responseElements":{"imageBlockPublicAccessState":"unblocked"},\
            "eventID":"0e5a9a0c-3f39-4b3c-8f4e-000000000001","eventType":"AwsApiCall","readOnly":false,\
            "recipientAccountId":"777788889999"}
            """
        try produce([TestMessage(late)], to: "cloudtrail", at: cluster.broker.bootstrapServers)
        #expect(try becomes { try alerts() > before })
        worker.end()
        let result = cluster.result(of: worker)
        #expect(result.status == 0, "\(result.errors.suffix(2000))")
        #expect(result.errors.contains("the token expired"), "\(result.errors.suffix(4000))")
    }
}
