import Foundation
import KafkaTestSupport

/// Who hands out tokens in the tests of log-ins: a process of its own, on loopback.
final class IdentityProvider {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Fixtures/oauth/token-server.py").path

    private let folder: String
    private let process: ChildProcess
    /// Its address, without a slash at the end.
    let address: String

    /// Starts it; it gives tokens to whoever knows the client's id and secret, with a colon between.
    ///
    /// - Throws: why it does not start.
    init(in folder: String, client: String) throws {
        self.folder = folder
        try client.write(toFile: "\(folder)/client", atomically: true, encoding: .utf8)
        let process = try ChildProcess(
            ["python3", Self.script, "serve", folder],
            output: "\(folder)/idp.log",
            errors: "\(folder)/idp.log"
        )
        self.process = process
        var port: String?
        _ = becomes {
            port = try? String(contentsOfFile: "\(folder)/port", encoding: .utf8)
            return port != nil || process.exitStatus() != nil
        }
        guard let port else { throw CocoaError(.fileReadNoSuchFile) }
        address = "http://127.0.0.1:\(port)"
    }

    /// A token that expires so many seconds from now.
    ///
    /// - Throws: why there is none.
    func token(seconds: Int, subject: String = "amiwatch") throws -> String {
        try runCommand(["python3", Self.script, "mint", folder, "\(seconds)", subject]).output
    }

    func stop() {
        process.signal(SIGKILL)
        _ = process.wait(timeout: .seconds(5))
    }

    /// What a listener of a broker needs to trust it.
    func properties(of listener: String) -> [String: String] {
        let package = "org.apache.kafka.common.security.oauthbearer"
        return [
            "sasl.enabled.mechanisms": "OAUTHBEARER",
            "oauthbearer.sasl.jaas.config": "\(package).OAuthBearerLoginModule required;",
            "oauthbearer.sasl.server.callback.handler.class":
                "\(package).OAuthBearerValidatorCallbackHandler",
            "sasl.oauthbearer.jwks.endpoint.url": "\(address)/jwks",
            "sasl.oauthbearer.expected.audience": "kafka",
            "sasl.oauthbearer.expected.issuer": "https://issuer.example.com",
            // Whoever's token has expired is let go.
            "oauthbearer.connections.max.reauth.ms": "60000",
        ].reduce(into: [:]) { $0["listener.name.\(listener).\($1.key)"] = $1.value }
    }
}
