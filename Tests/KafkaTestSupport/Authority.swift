import Foundation

/// An authority for certificates that lasts as long as its folder: made by `openssl` for one test.
package struct Authority: Sendable {
    /// Its own certificate (PEM).
    package let certificate: String
    private let folder: String
    private let name: String

    /// A new key and certificate in a folder.
    ///
    /// - Throws: what `openssl` says.
    package init(_ name: String, in folder: String) throws {
        (self.folder, self.name) = (folder, name)
        certificate = "\(folder)/\(name).pem"
        try Self.openssl(
            ["req", "-x509"] + Self.newKey + [
                "-keyout", "\(folder)/\(name).key", "-out", certificate, "-days", "2", "-subj", "/CN=\(name)",
            ]
        )
    }

    /// A certificate of this authority, and its key.
    package struct Issued: Sendable {
        /// The certificate (PEM).
        package let certificate: String
        /// The key (PEM, PKCS 8).
        package let key: String
        /// Both in one file, as a broker wants them.
        package let store: String
    }

    /// Issues a certificate.
    ///
    /// - Parameters:
    ///   - name: the common name; also the files' name.
    ///   - host: the address that it is for; nil for a client.
    ///   - days: how long it holds; with 0 it has expired a second later.
    ///   - password: protects the key.
    /// - Returns: where they are.
    /// - Throws: what `openssl` says.
    package func issue(
        _ name: String,
        host: String? = nil,
        days: Int = 2,
        password: String? = nil
    ) throws -> Issued {
        let issued = Issued(
            certificate: "\(folder)/\(name).pem",
            key: "\(folder)/\(name).key",
            store: "\(folder)/\(name)-store.pem"
        )
        let (request, extensions) = ("\(folder)/\(name).csr", "\(folder)/\(name).ext")
        try (host.map { "subjectAltName=IP:\($0)" } ?? "").write(
            toFile: extensions,
            atomically: true,
            encoding: .utf8
        )
        try Self.openssl(
            ["req"] + Self.newKey + ["-keyout", issued.key, "-out", request, "-subj", "/CN=\(name)"]
        )
        try Self.openssl([
            "x509", "-req", "-in", request, "-CA", certificate, "-CAkey", "\(folder)/\(self.name).key",
            "-CAcreateserial", "-days", "\(days)", "-extfile", extensions, "-out", issued.certificate,
        ])
        let store = try text(of: issued.key) + text(of: issued.certificate)
        try store.write(toFile: issued.store, atomically: true, encoding: .utf8)
        if let password {
            let plain = "\(folder)/\(name).plain"
            try FileManager.default.moveItem(atPath: issued.key, toPath: plain)
            try Self.openssl([
                "pkcs8", "-topk8", "-in", plain, "-out", issued.key, "-passout", "pass:\(password)",
            ])
        }
        return issued
    }

    private func text(of path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    private static let newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private static func openssl(_ arguments: [String]) throws {
        let result = try runCommand(["openssl"] + arguments)
        guard result.status == 0 else {
            throw RealBrokerError(message: "openssl \(arguments[0]): \(result.errors)")
        }
    }
}
