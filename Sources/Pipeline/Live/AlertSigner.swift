import Alerts
import Configuration
import Foundation
import Cryptography
import Kafka

/// Signs alerts: each message gets headers with an Ed25519 signature over exactly its value's bytes, and with the id of
/// the key.
struct AlertSigner: Sendable {
    private let key: Ed25519.PrivateKey

    /// The signer of a configuration; nil when nothing is to be signed.
    ///
    /// - Throws: `RunFailure` when the key cannot be read.
    init?(_ configuration: RunConfiguration) throws(RunFailure) {
        do throws(ConfigurationErrors) {
            guard let key = try configuration.alerts.signingKey() else { return nil }
            self.key = key
        } catch { throw RunFailure("\(error)") }
    }

    func headers(of line: [UInt8]) -> [Header] {
        [
            Header(AlertSignature.header, Data(key.signature(of: line)).base64EncodedString()),
            Header(AlertSignature.keyHeader, key.id),
        ]
    }
}
