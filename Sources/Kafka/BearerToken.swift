internal import CLibrdkafka
internal import Foundation
import Glibc

/// A token for the log-in `OAUTHBEARER`, as something beside this process keeps it fresh in a file.
///
/// Taken are JSON Web Tokens (https://www.rfc-editor.org/rfc/rfc7519), and those of Amazon MSK: a presigned URL in
/// base64url (https://docs.aws.amazon.com/msk/latest/developerguide/iam-access-control.html). Any other token is read
/// again every five minutes, since it does not tell how long it is good for.
package struct BearerToken: Sendable, Equatable {
    /// What the broker is shown; a secret.
    let text: String
    /// Whom it is about; empty when it does not tell.
    let principal: String
    /// Milliseconds since 1970 at which it ends.
    let expiry: Int64

    /// What is wrong with a token's file; never any of the token itself.
    package struct Fault: Error, Equatable, CustomStringConvertible {
        /// The file, and what is wrong with it.
        package let description: String
    }

    /// Reads a token.
    ///
    /// - Parameters:
    ///   - path: the file; white space around the token is left out.
    ///   - now: milliseconds since 1970.
    /// - Throws: ``Fault`` when there is none, or when it has expired.
    package init(file path: String, now: Int64 = Self.now) throws(Fault) {
        errno = 0
        let file = fopen(path, "re")
        defer { if let file { fclose(file) } }
        // Far more than a broker takes.
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        let count = file.map { fread(&bytes, 1, bytes.count, $0) } ?? 0
        guard count > 0 || errno == 0 else {
            throw Fault(description: "\(path): \(String(cString: strerror(errno)))")
        }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        try self.init(text, now: now, from: path)
    }

    /// As `init(file:now:)`, of a text at hand.
    init(_ text: String, now: Int64, from source: String) throws(Fault) {
        self.text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        let isSound = self.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard !self.text.isEmpty, isSound else {
            throw Fault(
                description: "\(source): \(isSound ? "the file is empty" : "this is no bearer token")"
            )
        }
        if let claims = Self.claims(of: self.text) {
            guard let end = claims.exp, end > 0, end < 1e12 else {
                throw Fault(description: "\(source): the token does not say when it expires (exp)")
            }
            (principal, expiry) = (claims.sub ?? "", Int64(end * 1000))
        } else if let end = Self.endOfPresignedURL(self.text) {
            (principal, expiry) = ("", end)
        } else {
            (principal, expiry) = ("", now + 300_000)
        }
        guard expiry > now else {
            // Not how long ago: the same fault has the same words whenever it is found.
            let end = Date(timeIntervalSince1970: Double(expiry) / 1000).formatted(.iso8601)
            throw Fault(description: "\(source): the token expired at \(end)")
        }
    }

    /// Milliseconds since 1970.
    package static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// What of a JSON Web Token matters here.
    private struct Claims: Decodable {
        var exp: Double?
        var sub: String?
    }

    private static func claims(of token: String) -> Claims? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let payload = decoded(parts[1]) else { return nil }
        return try? JSONDecoder().decode(Claims.self, from: payload)
    }

    /// The end of what a URL is signed for (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html).
    private static func endOfPresignedURL(_ token: String) -> Int64? {
        guard let data = decoded(token[...]),
            let url = URLComponents(string: String(decoding: data, as: UTF8.self))
        else { return nil }
        func value(_ name: String) -> String? { url.queryItems?.first { $0.name == name }?.value }
        guard let date = value("X-Amz-Date"), let seconds = value("X-Amz-Expires").flatMap(Int64.init),
            let match = date.wholeMatch(of: /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/)?.output,
            let start = try? Date(
                "\(match.1)-\(match.2)-\(match.3)T\(match.4):\(match.5):\(match.6)Z",
                strategy: .iso8601
            )
        else { return nil }
        return Int64(start.timeIntervalSince1970 * 1000) + seconds * 1000
    }

    private static func decoded(_ text: Substring) -> Data? {
        let usual = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: usual + String(repeating: "=", count: (4 - usual.count % 4) % 4))
    }
}

extension BearerToken {
    /// Hands what the file holds to a client; gives what is wrong, which the client then asks for again ten seconds later.
    static func refresh(_ client: OpaquePointer, from path: String) -> Fault? {
        do throws(Fault) {
            let token = try BearerToken(file: path)
            let refusal = withErrorText { buffer -> String? in
                let code = rd_kafka_oauthbearer_set_token(
                    client,
                    token.text,
                    token.expiry,
                    token.principal,
                    nil,
                    0,
                    buffer.baseAddress,
                    buffer.count
                )
                return code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : string(buffer)
            }
            if let refusal { throw Fault(description: "\(path): \(refusal)") }
            return nil
        } catch {
            rd_kafka_oauthbearer_set_token_failure(client, error.description)
            return error
        }
    }
}
