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

/// Whether the program is built that `Tests/Fuzz/run` fuzzes with: everything optimised, and instrumented so that libFuzzer
/// sees what an input reaches.
let isFuzzed = ProcessInfo.processInfo.environment["AMIWATCH_FUZZ"] != nil
let fuzzedC = isFuzzed ? ["-fsanitize=fuzzer-no-link,address"] : []
let fuzzedSwift: [SwiftSetting] =
    isFuzzed ? [.unsafeFlags(["-sanitize=fuzzer,address", "-enable-testing"])] : []

/// What the tests spend most of their time in: `Deploy/test` asks for it to be optimised, which builds two minutes longer
/// and runs four times as fast.
let isOptimised = ProcessInfo.processInfo.environment["AMIWATCH_OPTIMISED_TESTS"] != nil
let hot: Set = ["AWSPolicies", "CloudTrail", "Configuration", "Detection", "Cryptography"]

/// One Swift target, with the settings that all of them share.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    let settings = isOptimised && hot.contains(name) ? strict + [.unsafeFlags(["-O"])] : strict + fuzzedSwift
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
    .target(name: "CPrefilter", cSettings: [.unsafeFlags(["-O3"] + fuzzedC)]),
    .target(
        name: "CSimdjson",
        cxxSettings: [.unsafeFlags(["-O3", "-std=c++17"] + fuzzedC)],
        linkerSettings: [.linkedLibrary("simdjson")]
    ),
    .target(
        name: "CCompression",
        linkerSettings: [.linkedLibrary("deflate"), .linkedLibrary("zstd"), .linkedLibrary("z")]
    ),
    .target(name: "CArgp"),
    .target(
        name: "CMicrohttpd",
        cSettings: [.unsafeFlags(fuzzedC)],
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
    tests("CloudTrailTests", ["CloudTrail", "CloudTrailTestSupport", "Compression", "TestSupport"]),
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
        name: "CloudTrailTestSupport",
        dependencies: ["CloudTrail", "TestSupport"],
        path: "Tests/CloudTrailTestSupport",
        swiftSettings: strict
    ),
    .target(
        name: "KafkaTestSupport",
        dependencies: ["Kafka"],
        path: "Tests/KafkaTestSupport",
        swiftSettings: strict
    ),
]

// What fuzzing takes apart: its targets, with what replays the kept inputs in every run of the tests, or with what fuzzes.
let fuzzed: [Target.Dependency] = [
    "Alerts", "CCompression", "CPrefilter", "CloudTrail", "CloudTrailTestSupport", "Compression",
    "Configuration", "Detection", "HTTP", "Kafka", "Pipeline", "TestSupport", "TrailArchive",
    "TrailIntegrity",
]
let hasFuzzCorpus = FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Tests/Fuzz/Corpus")
let fuzzFiles = ["Crashers", "run", "CFuzzer"] + (hasFuzzCorpus ? ["Corpus"] : [])
if isFuzzed {
    targets += [
        .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
        .executableTarget(
            name: "Fuzz",
            dependencies: fuzzed + ["CFuzzer"],
            path: "Tests/Fuzz",
            exclude: fuzzFiles + ["Replay"],
            sources: ["Driver", "Targets"],
            swiftSettings: strict,
            // The library that has libFuzzer without a `main` is named by Tests/Fuzz/run.
            linkerSettings: [.unsafeFlags(["-sanitize=address"])]
        ),
    ]
} else {
    targets.append(
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            path: "Tests/Fuzz",
            exclude: fuzzFiles + ["Driver"],
            sources: ["Replay", "Targets"],
            swiftSettings: strict
        )
    )
}

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
