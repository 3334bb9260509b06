using System.Reflection;

namespace System.Runtime.CompilerServices;

// What the compiler calls for array[1..2]. It hides the framework's own class, so it has what the tests call of that too.
internal static class RuntimeHelpers
{
    private static readonly MethodInfo Identity = typeof(object).Assembly
        .GetType("System.Runtime.CompilerServices.RuntimeHelpers").GetMethod("GetHashCode", [typeof(object)])!;

    public static int GetHashCode(object value) => (int)Identity.Invoke(null, [value]);

    public static T[] GetSubArray<T>(T[] array, Range range)
    {
        var (offset, length) = range.GetOffsetAndLength(array.Length);
        return array.AsSpan(offset, length).ToArray();
    }
}
