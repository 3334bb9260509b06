using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ImgsPS.Engine.Tests.Reliability;

/// <summary>A row of tests/data/behaviours.json; the file says what each member means.</summary>
internal sealed record BehaviourCase
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    private static readonly Lazy<(JsonObject Rules, BehaviourCase[] Cases)> File = new(Read);

    public required string Name { get; init; }

    public required string Rule { get; init; }

    public required string Operation { get; init; }

    public required string End { get; init; }

    public string[] Words { get; init; } = [];

    public string[] Told { get; init; } = [];

    public string[] Lists { get; init; } = [];

    public required long MaxBytes { get; init; }

    public required int MaxRequests { get; init; }

    public int? MaxElsewhere { get; init; }

    public required double Seconds { get; init; }

    public string? Credential { get; init; }

    public bool PlainHttp { get; init; }

    public bool Proxy { get; init; }

    public bool TrustOther { get; init; }

    public string? Platform { get; init; }

    public CaseLimits? Limits { get; init; }

    public string? Again { get; init; }

    public bool KeepsIngest { get; init; }

    public string? NoXunit { get; init; }

    public string? NoPwsh { get; init; }

    public string? NoMono { get; init; }

    public static IReadOnlyList<BehaviourCase> All => File.Value.Cases;

    /// <summary>For each rule of the file what there is to say beside its rows; <c>with push</c> for RN31, which PushTests has.</summary>
    public static IReadOnlyDictionary<string, string> Notes => File.Value.Rules.ToDictionary(r => r.Key, r => r.Value!.GetValue<string>());

    public static BehaviourCase Find(string name) => All.Single(c => c.Name == name);

    private static (JsonObject Rules, BehaviourCase[] Cases) Read()
    {
        var root = JsonNode.Parse(System.IO.File.ReadAllBytes(
            Path.Combine(AppContext.BaseDirectory, "data", "behaviours.json")))!.AsObject();
        var defaults = root["defaults"]!.AsObject();
        return (root["notes"]!.AsObject(), root["behaviours"]!.AsArray().Select(row =>
        {
            var full = defaults.DeepClone().AsObject();
            foreach (var member in row!.AsObject())
            {
                full[member.Key] = member.Value?.DeepClone();
            }

            return full.Deserialize<BehaviourCase>(Format)!;
        }).ToArray());
    }
}

/// <summary>Limits shorter than the real ones: times in seconds.</summary>
internal sealed record CaseLimits
{
    public double? Wait { get; init; }

    public int? Tries { get; init; }

    public int? Pages { get; init; }
}
