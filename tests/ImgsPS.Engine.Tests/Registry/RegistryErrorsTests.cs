using System;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Registry;

/// <summary>Messages for answers that nothing else explains (RN30).</summary>
public class RegistryErrorsTests
{
    [Theory]
    [InlineData("HEAD", "", " (HEAD responses have no body, use GET for details)")]
    [InlineData("GET", "", "")]
    [InlineData("GET", "busy", ": busy")]
    public void An_unexpected_status_says_what_there_is_to_say(string method, string body, string end) => Assert.Equal(
        method + " https://reg.example.com/v2/: unexpected status code 502 Bad Gateway" + end,
        RegistryErrors.UnexpectedStatus(new Secrets(), method, new Uri("https://reg.example.com/v2/"), 502, "Bad Gateway", body));
}
