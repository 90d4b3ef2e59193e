package import Cryptography

/// Keys of signatures, read from files that a user named.
package enum SignatureKeys {
    /// The public key of a PEM file, with which signatures are checked.
    ///
    /// - Throws: what is wrong with the file.
    package static func publicKey(_ path: String) throws(ConfigurationErrors) -> Ed25519.PublicKey {
        let location = FileLocation(file: path)
        let pem = try bytes(path, at: location, setting: nil)
        do throws(Ed25519.KeyError) { return try Ed25519.PublicKey(pem: pem) } catch {
            throw fault(
                location,
                error == .otherAlgorithm ? "the key is not of Ed25519" : "no public key in PEM",
                instead: "openssl pkey -in PRIVATE_KEY -pubout -out \(path)"
            )
        }
    }

    static func privateKey(
        _ path: String,
        at location: FileLocation,
        setting: String
    ) throws(ConfigurationErrors) -> Ed25519.PrivateKey {
        let pem = try bytes(path, at: location, setting: setting)
        do throws(Ed25519.KeyError) { return try Ed25519.PrivateKey(pem: pem) } catch {
            let fact =
                error == .otherAlgorithm
                ? "the key is not of Ed25519" : "no private key in PEM without a passphrase"
            throw fault(
                location,
                "\(setting): \(path): \(fact)",
                instead: "openssl genpkey -algorithm ed25519 -out \(path)"
            )
        }
    }

    private static func bytes(
        _ path: String,
        at location: FileLocation,
        setting: String?
    ) throws(ConfigurationErrors) -> [UInt8] {
        do throws(SourceFile.Refusal) { return try SourceFile.bytes(of: path) } catch {
            let message = setting.map { "\($0): \(path): \(error.message)" } ?? error.message
            throw fault(location, message, instead: error.instead)
        }
    }

    private static func fault(
        _ location: FileLocation,
        _ message: String,
        instead: String?
    ) -> ConfigurationErrors {
        ConfigurationErrors([Diagnostic(.error, at: location, message, instead: instead)])
    }
}

extension RunConfiguration.Alerts {
    /// The key that signs alerts, read anew; nil when nothing is to be signed.
    ///
    /// - Throws: what is wrong with its file.
    package func signingKey() throws(ConfigurationErrors) -> Ed25519.PrivateKey? {
        guard let signingKeyFile, let signingKeyLocation else { return nil }
        return try SignatureKeys.privateKey(
            signingKeyFile,
            at: signingKeyLocation,
            setting: "alerts.signing_key_file"
        )
    }
}
