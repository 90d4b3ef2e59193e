// swift-tools-version: 6.1
import Foundation
import PackageDescription

// Debian packages that the targets below link:
//   apt-get install librdkafka-dev libssl-dev libsimdjson-dev libdeflate-dev libzstd-dev zlib1g-dev libyaml-dev \
//       libmicrohttpd-dev
// Sources/Detection/Detection.docc/Decisions says why each of them and not another.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// What the tests spend most of their time in: `Deploy/test` asks for it to be optimised, which builds two minutes longer
/// and runs four times as fast.
let isOptimised = ProcessInfo.processInfo.environment["AMIWATCH_OPTIMISED_TESTS"] != nil
let hot: Set = ["AWSPolicies", "CloudTrail", "Detection", "Cryptography"]

/// One Swift target, with the settings that all of them share.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    let settings = isOptimised && hot.contains(name) ? strict + [.unsafeFlags(["-O"])] : strict
    return .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// One test target beside its module.
func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    // Fixtures are read where they lie in the checkout, so that the tests can also rewrite them.
    let fixtures = FileManager.default.fileExists(
        atPath: "\(Context.packageDirectory)/Tests/\(name)/Fixtures"
    )
    return .testTarget(
        name: name,
        dependencies: dependencies,
        exclude: fixtures ? ["Fixtures"] : [],
        resources: resources,
        swiftSettings: strict
    )
}

var targets: [Target] = [
    // Foreign code, each library behind one small target.
    .target(name: "CPrefilter", cSettings: [.unsafeFlags(["-O3"])]),
    .target(
        name: "CSimdjson",
        cxxSettings: [.unsafeFlags(["-O3", "-std=c++17"])],
        linkerSettings: [.linkedLibrary("simdjson")]
    ),
    .target(
        name: "CCompression",
        linkerSettings: [.linkedLibrary("deflate"), .linkedLibrary("zstd"), .linkedLibrary("z")]
    ),
    .target(name: "CArgp"),
    .target(
        name: "CMicrohttpd",
        linkerSettings: [.linkedLibrary("microhttpd"), .linkedLibrary("gnutls")]
    ),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CLibrdkafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // Arrows point down only.
    module("Cryptography", ["COpenSSL"]),
    module("Compression", ["CCompression"]),
    module("CloudTrail", ["CPrefilter", "CSimdjson", "Compression", "Cryptography"]),
    module("AWSPolicies", ["CloudTrail"]),
    module("Detection", ["AWSPolicies", "CloudTrail", "Cryptography"]),
    module("Kafka", ["CLibrdkafka"]),
    module("HTTP", ["CMicrohttpd"]),
    .target(name: "Page", resources: [.embedInCode("Files")], swiftSettings: strict),
    module("TrailArchive", ["CloudTrail", "Compression", "Cryptography"]),
    module("TrailIntegrity", ["CloudTrail", "Compression", "Cryptography", "TrailArchive"]),
    module("Configuration", ["AWSPolicies", "CYAML", "Detection", "CloudTrail", "Cryptography", "HTTP"]),
    module("Alerts", ["Configuration", "Detection", "CloudTrail", "Cryptography"]),
    module(
        "Pipeline",
        [
            "Alerts", "CloudTrail", "Compression", "Configuration", "Detection", "Cryptography", "HTTP",
            "Kafka", "Page",
            "TrailArchive", "TrailIntegrity",
        ]
    ),
    module(
        "Report",
        [
            "Alerts", "CloudTrail", "Configuration", "Detection", "Cryptography", "Pipeline", "TrailArchive",
            "TrailIntegrity",
        ]
    ),
    .executableTarget(
        name: "amiwatch",
        dependencies: [
            "Alerts", "AWSPolicies", "CArgp", "CloudTrail", "Configuration", "Detection", "Cryptography",
            "Kafka",
            "Pipeline", "Report", "TrailArchive", "TrailIntegrity",
        ],
        swiftSettings: strict
    ),

    tests("AWSPoliciesTests", ["AWSPolicies", "TestSupport"]),
    tests("CloudTrailTests", ["CloudTrail", "Compression", "TestSupport"]),
    tests(
        "DetectionTests",
        [
            "AWSPolicies", "Detection", "CloudTrail", "Alerts", "Configuration", "Kafka", "Pipeline",
            "TestSupport", "TrailArchive",
        ]
    ),
    tests("ConfigurationTests", ["AWSPolicies", "Configuration", "Detection", "CloudTrail", "TestSupport"]),
    tests("HTTPTests", ["HTTP", "TestSupport"]),
    tests("KafkaTests", ["Kafka", "KafkaTestSupport"]),
    tests(
        "PipelineTests",
        [
            "Pipeline", "Kafka", "KafkaTestSupport", "Detection", "CloudTrail", "Configuration",
            "Cryptography", "HTTP",
            "TrailArchive", "Alerts", "TestSupport",
        ]
    ),
    tests("TrailArchiveTests", ["TrailArchive", "CloudTrail", "Cryptography", "TestSupport"]),
    tests("TrailIntegrityTests", ["TrailIntegrity", "CloudTrail", "Cryptography", "TestSupport"]),
    tests("CommandTests", ["TestSupport", "Kafka", "KafkaTestSupport"]),
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .target(
        name: "KafkaTestSupport",
        dependencies: ["Kafka"],
        path: "Tests/KafkaTestSupport",
        swiftSettings: strict
    ),
]

// Benchmarks are built only when they are asked for: AMIWATCH_BENCHMARKS=1 swift build -c release.
if ProcessInfo.processInfo.environment["AMIWATCH_BENCHMARKS"] != nil {
    targets.append(
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "Alerts", "CCompression", "CLibrdkafka", "COpenSSL", "CPrefilter", "CloudTrail",
                "Compression",
                "Configuration", "Detection", "Kafka", "KafkaTestSupport", "Pipeline", "TestSupport",
                "TrailArchive", "TrailIntegrity",
            ],
            path: "Tests/Benchmarks",
            exclude: ["Peers"],
            swiftSettings: strict
        )
    )
}

// So is what breaks a cluster and compares: Tests/Chaos/run.
if ["AMIWATCH_CHAOS", "AMIWATCH_BENCHMARKS"].contains(where: {
    ProcessInfo.processInfo.environment[$0] != nil
}) {
    targets.append(
        .executableTarget(
            name: "Chaos",
            dependencies: ["Cryptography", "Kafka", "KafkaTestSupport", "TestSupport"],
            path: "Tests/Chaos",
            exclude: ["run", "soak"],
            swiftSettings: strict
        )
    )
}

let package = Package(
    name: "amiwatch",
    products: [.executable(name: "amiwatch", targets: ["amiwatch"])],
    targets: targets,
    cxxLanguageStandard: .cxx17
)
