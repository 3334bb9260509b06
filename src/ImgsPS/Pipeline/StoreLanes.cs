using System;
using System.Collections.Generic;

namespace ImgsPS.Pipeline;

/// <summary>
/// Puts what several stores say at the same time into the order in which the stores were named: the first one's words at once, those of the
/// others when the ones before them have ended. For the pipeline thread.
/// </summary>
internal sealed class StoreLanes
{
    private readonly List<Action>[] _held;
    private readonly bool[] _closed;
    private int _head;

    public StoreLanes(int count)
    {
        _closed = new bool[count];
        _held = new List<Action>[count];
        for (var i = 0; i < count; i++)
        {
            _held[i] = new List<Action>();
        }
    }

    /// <summary>Runs <paramref name="say"/> when it is the lane's turn.</summary>
    public void Write(int lane, Action say)
    {
        if (lane == _head)
        {
            say();
        }
        else
        {
            _held[lane].Add(say);
        }
    }

    /// <summary>Ends a lane, and lets the next one speak.</summary>
    public void Close(int lane)
    {
        _closed[lane] = true;
        while (_head < _closed.Length && _closed[_head])
        {
            _head++;
            if (_head < _closed.Length)
            {
                var held = _held[_head];
                _held[_head] = new List<Action>();
                held.ForEach(say => say());
            }
        }
    }
}
