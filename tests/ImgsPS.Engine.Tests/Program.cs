using System;
using ImgsPS.Engine.Tests.Fuzzing;

namespace ImgsPS.Engine.Tests;

/// <summary>The tests as a program: <c>fuzz</c> runs the long run. Test runners do not come here.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments.Length > 0 && arguments[0] == "fuzz")
        {
            return FuzzRun.Start(arguments[1..]);
        }

        Console.Error.WriteLine("usage: fuzz [--minutes N] [--seed S] [--target NAME] [--folder PATH] [--input FILE]");
        return 2;
    }
}
