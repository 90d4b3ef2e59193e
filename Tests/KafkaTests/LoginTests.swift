import Foundation
import Testing

@testable import Kafka

/// What can be said of a log-in before anybody is asked.
struct LoginTests {
    private static let now: Int64 = 1_700_000_000_000

    private static func encoded(_ text: String) -> String {
        Data(text.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }

    private static func webToken(_ claims: String) -> String {
        [#"{"alg":"none"}"#, claims, "signature?"].map(encoded).joined(separator: ".")
    }

    @Test("A token tells how long it is good for, in each form that there is")
    func expiry() throws {
        let web = try BearerToken(
            "  \(Self.webToken(#"{"exp":1700000060,"sub":"ÿ amiwatch ~~~","nested":{"exp":1}}"#))\n",
            now: Self.now,
            from: "f"
        )
        #expect(
            web.expiry == 1_700_000_060_000 && web.principal == "ÿ amiwatch ~~~" && !web.text.contains("\n")
        )
        let url =
            "https://kafka.eu-central-1.amazonaws.com/?Action=kafka-cluster%3AConnect&X-Amz-Algorithm=AWS4-HMAC-SHA256"
            + "&X-Amz-Date=20231114T221320Z&X-Amz-SignedHeaders=host&X-Amz-Expires=900&X-Amz-Signature=ab"
        let signed = try BearerToken(Self.encoded(url), now: Self.now, from: "f")
        #expect(signed.expiry == Self.now + 900_000)
        let opaque = try BearerToken("opaque-token", now: Self.now, from: "f")
        #expect(opaque.expiry == Self.now + 300_000)
    }

    @Test("What is no token, or none any more, is told without being shown")
    func faults() {
        let cases: [(text: String, says: String)] = [
            ("", "f: the file is empty"), (" \n", "f: the file is empty"),
            ("two words", "f: this is no bearer token"), ("töken", "f: this is no bearer token"),
            (Self.webToken(#"{"sub":"a"}"#), "f: the token does not say when it expires (exp)"),
            (Self.webToken(#"{"exp":1e300}"#), "f: the token does not say when it expires (exp)"),
            (Self.webToken(#"{"exp":1699999990}"#), "f: the token expired at 2023-11-14T22:13:10Z"),
        ]
        for (text, says) in cases {
            #expect(throws: BearerToken.Fault(description: says)) {
                _ = try BearerToken(text, now: Self.now, from: "f")
            }
        }
    }

    @Test("What this librdkafka is built without is refused by name")
    func features() {
        let login: KafkaConfiguration = ["security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512"]
        #expect(login.loginFault(features: ["sasl_scram"]) == nil)
        let without = login.loginFault(features: ["sasl_plain"])
        #expect(without?.property == "sasl.mechanism" && without?.instead == "one of PLAIN")
        #expect(without?.message.contains("SCRAM-SHA-512") == true)
        #expect(KafkaConfiguration().loginFault() == nil)
        let tokens: KafkaConfiguration = ["security.protocol": "sasl_ssl", "sasl.mechanisms": "oauthbearer"]
        #expect(tokens.loginFault(features: ["sasl_oauthbearer"])?.instead == "kafka.oauth_token_file: FILE")
        #expect(tokens.loginFault(features: ["sasl_oauthbearer", "oidc"])?.instead?.contains("oidc") == true)
        var asking = tokens
        asking["sasl.oauthbearer.method"] = "OIDC"
        #expect(asking.loginFault(features: ["sasl_oauthbearer"]) == nil)
        #expect(
            KafkaLibrary.features.isSuperset(of: ["ssl", "sasl_plain", "sasl_scram", "sasl_oauthbearer"])
        )
    }

    @Test("librdkafka's own list of what it is configured with shows no secret")
    func ownLog() {
        let line = "[thrd:app]:   sasl.oauthbearer.client.secret = pass = word"
        #expect(
            KafkaConfiguration.withoutSecret(line, facility: "CONF")
                == "[thrd:app]:   sasl.oauthbearer.client.secret = [redacted]"
        )
        for (line, facility) in [
            ("[thrd:app]:   client.id = amiwatch", "CONF"), ("sasl.password = x", "CONNECT"), ("", "CONF"),
        ] {
            #expect(KafkaConfiguration.withoutSecret(line, facility: facility) == line)
        }
    }
}
