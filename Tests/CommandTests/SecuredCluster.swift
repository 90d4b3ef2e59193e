import Foundation
import KafkaTestSupport
import TestSupport

/// A broker that lets in only whom it knows, to what it is permitted; everything about it made for one test.
final class SecuredCluster {
    let broker: RealBroker
    let folder: TestFolder
    /// What the listener `ELSEWHERE` tells clients to connect to: a broker's connection may break, and the next one not.
    let proxy: LoopbackProxy
    private let authority: Authority
    private let client: Authority.Issued
    /// Everything that the program has printed.
    private(set) var printed = ""

    static let secrets = ["pass-of-amiwatch", "pass-of-the-key", "pass-that-is-wrong", "pass-of-the-client"]

    /// Whose tokens the listener `TOKEN` takes; nil without that listener.
    private(set) var provider: IdentityProvider?

    /// Starts one; `takesTokens` is whether there is an identity provider beside it.
    init(takesTokens: Bool = false) throws {
        folder = try TestFolder()
        proxy = try LoopbackProxy()
        proxy.drop(2)
        authority = try Authority("authority", in: folder.path)
        client = try authority.issue("amiwatch", password: "pass-of-the-key")
        let server = try authority.issue("server", host: "127.0.0.1")
        let expired = try authority.issue("expired", host: "127.0.0.1", days: 0)
        let login = "org.apache.kafka.common.security"
        var properties = [
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            // The tests themselves come in by the plain port.
            "super.users": "User:ANONYMOUS",
            "ssl.keystore.type": "PEM", "ssl.keystore.location": server.store,
            "ssl.truststore.type": "PEM", "ssl.truststore.location": authority.certificate,
            // The certificate's user is the password's.
            "ssl.principal.mapping.rules": "RULE:^CN=(.*)$/$1/",
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.mutual.ssl.client.auth": "required",
            "listener.name.expired.ssl.keystore.type": "PEM",
            "listener.name.expired.ssl.keystore.location": expired.store,
        ]
        for listener in ["login", "elsewhere"] {
            properties["listener.name.\(listener).plain.sasl.jaas.config"] =
                "\(login).plain.PlainLoginModule required user_amiwatch=\"pass-of-amiwatch\";"
            for mechanism in ["scram-sha-256", "scram-sha-512"] {
                properties["listener.name.\(listener).\(mechanism).sasl.jaas.config"] =
                    "\(login).scram.ScramLoginModule required;"
            }
        }
        var listeners: [RealBroker.Listener] = [
            .init("LOGIN", "SASL_SSL"), .init("MUTUAL", "SSL"), .init("EXPIRED", "SSL"),
            .init("ELSEWHERE", "SASL_SSL", advertising: "localhost", port: proxy.port),
        ]
        var formatting = ["--add-scram", "SCRAM-SHA-512=[name=amiwatch,password=pass-of-amiwatch]"]
        var javaOptions = ""
        if takesTokens {
            let provider = try IdentityProvider(in: folder.path, client: "amiwatch-client:pass-of-the-client")
            self.provider = provider
            listeners.append(.init("TOKEN", "SASL_SSL"))
            properties.merge(provider.properties(of: "token")) { $1 }
            javaOptions = "-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=\(provider.address)/jwks"
            properties["sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512"
            formatting += ["--add-scram", "SCRAM-SHA-256=[name=amiwatch,password=pass-of-amiwatch]"]
        }
        broker = try RealBroker(
            properties: properties,
            listeners: listeners,
            formatting: formatting,
            javaOptions: javaOptions
        )
        proxy.forward(to: broker.port(of: "ELSEWHERE"))
        try folder.write("key-password", "pass-of-the-key\n")
        try folder.write("password", "pass-of-amiwatch\n")
    }

    // MARK: Permissions

    /// Gives the user what the script that is shipped lists, and goes on meanwhile.
    func startPermitting() throws -> Running {
        let script = Binary.checkout.appending(path: "Deploy/acls.sh").path
        let environment = [
            "KAFKA_HOME": RealBroker.kafkaHome ?? "", "BOOTSTRAP_SERVERS": broker.bootstrapServers,
            "PRINCIPAL": "User:amiwatch", "CHECKS": "1",
        ]
        return try Running(["sh", script], environment, in: folder)
    }

    /// Gives the user one thing more, and goes on meanwhile.
    func startPermitting(_ operation: String, _ arguments: [String]) throws -> Running {
        let command = [
            "\(RealBroker.kafkaHome ?? "")/bin/kafka-acls.sh", "--bootstrap-server", broker.bootstrapServers,
            "--add", "--allow-principal", "User:amiwatch", "--operation", operation,
        ]
        return try Running(command + arguments, [:], in: folder)
    }

    // MARK: Configurations

    /// With user name and password; the password from the environment.
    func login(
        _ changes: [String: String] = [:],
        at listener: String = "LOGIN",
        host: String = "127.0.0.1"
    )
        -> Settings
    {
        let properties = [
            "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "amiwatch",
            "sasl.password": "${PASSWORD}", "ssl.ca.location": authority.certificate,
        ]
        return Settings(
            servers: "\(host):\(broker.port(of: listener))",
            properties: properties.merging(changes) { $1 }
        )
    }

    /// With a certificate; the password of its key from a file.
    func certificate(_ changes: [String: String] = [:], at listener: String = "MUTUAL") -> Settings {
        let properties = [
            "security.protocol": "SSL", "ssl.ca.location": authority.certificate,
            "ssl.certificate.location": client.certificate, "ssl.key.location": client.key,
            "ssl.key.password_file": "key-password",
        ]
        return Settings(
            servers: "127.0.0.1:\(broker.port(of: listener))",
            properties: properties.merging(changes) { $1 }
        )
    }

    /// With a token from a file.
    func token(_ changes: [String: String] = [:], file: String? = "token") -> Settings {
        var settings = login(
            ["sasl.mechanism": "OAUTHBEARER", "sasl.username": "", "sasl.password": ""].merging(changes) {
                $1
            },
            at: "TOKEN"
        )
        settings.tokenFile = file
        return settings
    }

    /// A certificate that has nothing to do with the cluster's authority.
    func stranger() throws -> String { try Authority("stranger", in: folder.path).certificate }

    // MARK: Running

    /// Starts a command of the program with these settings.
    func start(
        _ settings: Settings,
        _ arguments: [String],
        password: String = "pass-of-amiwatch"
    ) throws -> Running {
        let file = try folder.write("run-\(UUID().uuidString).yaml", settings.yaml)
        return try Running(
            [Binary.path, arguments[0], "--config", file] + arguments.dropFirst(),
            ["PASSWORD": password],
            in: folder
        )
    }

    /// What a command has printed, and how it ended.
    func result(of running: Running) -> CommandResult {
        let result = running.result()
        printed += result.output + result.errors
        return result
    }

    /// Runs a command of the program with these settings.
    func run(
        _ settings: Settings,
        _ arguments: String...,
        password: String = "pass-of-amiwatch"
    ) throws
        -> CommandResult
    {
        result(of: try start(settings, arguments, password: password))
    }
}

/// A program at work while the test goes on.
struct Running {
    private let process: ChildProcess
    private let printed: String
    private let folder: TestFolder

    init(_ command: [String], _ environment: [String: String], in folder: TestFolder) throws {
        self.folder = folder
        printed = UUID().uuidString
        process = try ChildProcess(
            command,
            environment: environment,
            output: "\(folder.path)/\(printed).out",
            errors: "\(folder.path)/\(printed).err"
        )
    }

    /// Asks it to end.
    func end() { process.signal(SIGTERM) }

    /// Waits for its end.
    func result() -> CommandResult {
        let status = process.wait(timeout: patience)
        func text(_ name: String) -> String { (try? folder.read("\(printed).\(name)")) ?? "" }
        return CommandResult(status: status, output: text("out"), errors: text("err"))
    }
}

/// The configuration of a run, as far as these tests vary it.
struct Settings {
    var servers: String
    var properties: [String: String]
    var tokenFile: String?
    var group = "amiwatch"
    var input = "cloudtrail"
    var roles = ["intake", "detector"]
    /// Other names for amiwatch's topics, by what they are for.
    var topics: [String: String] = [:]
    var isVerbose = false

    /// JSON is YAML.
    var yaml: String {
        var properties = properties
        if isVerbose { properties["debug"] = "all" }
        properties = properties.filter { !$0.value.isEmpty }
        var kafka: [String: Any] = ["bootstrap_servers": servers, "properties": properties]
        kafka["oauth_token_file"] = tokenFile
        let document: [String: Any] = [
            "kafka": kafka,
            "group_id": group, "roles": roles, "input": ["topics": [input]], "topics": topics,
            "log": ["level": isVerbose ? "debug" : "warning"],
        ]
        return SampleDay.text(of: document)
    }
}
