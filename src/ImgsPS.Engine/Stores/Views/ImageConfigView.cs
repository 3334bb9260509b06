using System;
using System.Collections.Generic;
using System.Text;
using ImgsPS.Content;

namespace ImgsPS.Stores;

/// <summary>Makes the public object of a config document.</summary>
internal static class ImageConfigView
{
    /// <summary>What the config says about running the image. An empty text, as Docker writes it for the default, is null.</summary>
    public static ImageConfig Of(ImageDocuments image)
    {
        var config = image.Config;
        return new ImageConfig
        {
            Reference = image.Reference,
            Id = image.Id,
            Created = config.Created,
            Author = NullIfEmpty(config.Author),
            Platform = config.Platform,
            Env = Variables(config.Env),
            Entrypoint = config.Entrypoint,
            Command = config.Cmd,
            WorkingDirectory = NullIfEmpty(config.WorkingDir),
            User = NullIfEmpty(config.User),
            ExposedPorts = config.ExposedPorts,
            Volumes = config.Volumes,
            Labels = config.Labels,
            StopSignal = NullIfEmpty(config.StopSignal),
            Healthcheck = config.Healthcheck is { } check ? Of(check) : null,
            Shell = config.Shell,
            OnBuild = config.OnBuild,
            Store = image.Store,
            Raw = Encoding.UTF8.GetString(config.Bytes),
        };
    }

    /// <summary>
    /// <c>NAME=VALUE</c> entries as names with their values, in their order. Of a name that stands twice the last value counts; an entry
    /// without <c>=</c> has an empty value; a <c>=</c> at the beginning belongs to the name, as in Windows' <c>=C:=C:\app</c>. An empty
    /// entry is none.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Variables(IEnumerable<string> entries)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry.Length > 0)
            {
                var equals = entry.IndexOf('=', 1);
                variables[equals < 0 ? entry : entry.Substring(0, equals)] = equals < 0 ? "" : entry.Substring(equals + 1);
            }
        }

        return variables;
    }

    private static ImageHealthcheck Of(ConfigHealthcheck check) => new()
    {
        Test = check.Test,
        Interval = check.Interval,
        Timeout = check.Timeout,
        StartPeriod = check.StartPeriod,
        StartInterval = check.StartInterval,
        Retries = check.Retries,
    };

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
