using System.Collections.Generic;
using System.Threading.Tasks;

namespace ImgsPS.Engine.Tests.Registry;

internal static class AsyncEnumerables
{
    // Under the name that later frameworks have for it; the tests run on those too.
    public static async Task<List<T>> ToListAsync<T>(this IAsyncEnumerable<T> source)
    {
        var list = new List<T>();
        await foreach (var item in source)
        {
            list.Add(item);
        }

        return list;
    }
}
