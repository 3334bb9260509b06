using System;
using System.Net;
using System.Net.Http;
using ImgsPS.Stores.Registry;
using Xunit;

namespace ImgsPS.Engine.Tests.Framework;

/// <summary>What .NET Framework's HTTP client says is told in the same words as what .NET's says (RN7, RN12, RN13, RN17).</summary>
public sealed class PlatformFaultTests
{
    [Theory]
    [InlineData(WebExceptionStatus.MessageLengthLimitExceeded, "Protocol", "the answer's headers are larger than 64 KiB")]
    [InlineData(WebExceptionStatus.ServerProtocolViolation, "Protocol", "the answer is not HTTP")]
    [InlineData(WebExceptionStatus.ConnectFailure, "Connect", "in its words")]
    [InlineData(WebExceptionStatus.NameResolutionFailure, "Connect", "in its words")]
    [InlineData(WebExceptionStatus.ProxyNameResolutionFailure, "Connect", "in its words")]
    [InlineData(WebExceptionStatus.TrustFailure, "Tls", "in its words")]
    [InlineData(WebExceptionStatus.SecureChannelFailure, "Tls", "in its words")]
    [InlineData(WebExceptionStatus.Timeout, "Timeout", "in its words")]
    [InlineData(WebExceptionStatus.ReceiveFailure, "Broken", "in its words")]
    public void A_status_is_a_fault_with_its_words(WebExceptionStatus status, string kind, string words)
    {
        var said = new WebException("in its words", status);
        var outer = new HttpRequestException("An error occurred.", said);
        var fault = HttpSender.OfPlatform(outer, [outer, said])!;
        Assert.Equal((kind, words), (fault.Kind.ToString(), fault.Message));
    }

    [Fact]
    public void Another_failure_is_judged_as_on_every_platform() =>
        Assert.Null(HttpSender.OfPlatform(new HttpRequestException("x"), [new HttpRequestException("x")]));
}
