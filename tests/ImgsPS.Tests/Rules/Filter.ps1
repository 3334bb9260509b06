# Lists and filters, rules L and F, over the standard world. Dot-sourced by DockerRules.Tests.ps1.
New-Rule L1 'a row for each tag, for a digest alone, for no name' -Docker { Show-DockerImage } -Module { Get-Image | Show-Image }
New-Rule L8 'a repository lists its tags' -Docker { Show-DockerImage web } -Module { Get-Image web | Show-Image }
New-Rule L9 'an unknown filter is an error' -Docker { Show-DockerImage -f bogus=1 } -Module { Get-Image -Filter bogus=1 | Show-Image } -Fails 'InvalidArgument/InvalidArgument'
New-Rule L9 'a bad bool is an error' -Docker { Show-DockerImage -f dangling=maybe } -Module { Get-Image -Filter dangling=maybe | Show-Image } -Fails 'InvalidArgument/InvalidArgument'
New-Rule F1 'dangling=true' -Docker { Show-DockerImage -f dangling=true } -Module { Get-Image -Filter dangling=true | Show-Image }
New-Rule F1 'dangling=false' -Docker { Show-DockerImage -f dangling=false } -Module { Get-Image -Filter dangling=false | Show-Image }
New-Rule F3 'before a name' -Docker { Show-DockerImage -f before=age/mid:1 } -Module { Get-Image -Filter before=age/mid:1 | Show-Image }
New-Rule F3 'since an id' -Docker { Show-DockerImage -f "since=$(Get-KnownId mid1)" } -Module { Get-Image -Filter "since=$(Get-KnownId mid1)" | Show-Image }
New-Rule F3 'before an image that is not there' -Docker { Show-DockerImage -f before=nosuch } -Module { Get-Image -Filter before=nosuch | Show-Image } -Fails 'ImageNotFound/ObjectNotFound'
New-Rule F4 'of several before the oldest counts' -Docker { Show-DockerImage -f before=age/new:1 -f before=age/mid:1 } -Module { Get-Image -Filter before=age/new:1, before=age/mid:1 | Show-Image }
New-Rule F4 'of several since the newest counts' -Docker { Show-DockerImage -f since=age/old:1 -f since=age/new:1 } -Module { Get-Image -Filter since=age/old:1, since=age/new:1 | Show-Image }
New-Rule F5 'until' -Docker { Show-DockerImage -f until=24h } -Module { Get-Image -Filter until=24h | Show-Image }
New-Rule F7 'a label that exists' -Docker { Show-DockerImage -f label=stage } -Module { Get-Image -Filter label=stage | Show-Image }
New-Rule F7 'several labels must all hold' -Docker { Show-DockerImage -f label=tier=front -f label=stage=test } -Module { Get-Image -Filter label=tier=front, label=stage=test | Show-Image }
New-Rule F8 'a label that must not be' -Docker { Show-DockerImage -f 'label!=tier=front' } -Module { Get-Image -Filter 'label!=tier=front' | Show-Image }
New-Rule F9 'one of several patterns' -Docker { Show-DockerImage -f 'reference=web:?' -f 'reference=age/[m-n]*:1' } -Module { Get-Image -Filter 'reference=web:?', 'reference=age/[m-n]*:1' | Show-Image }
New-Rule F9 'a bad pattern is an error' -Docker { Show-DockerImage -f 'reference=[' } -Module { Get-Image -Filter 'reference=[' | Show-Image } -Fails 'InvalidArgument/InvalidArgument'
New-Rule F10 'the canonical name' -Docker { Show-DockerImage -f reference=docker.io/library/web } -Module { Get-Image -Filter reference=docker.io/library/web | Show-Image }
New-Rule F11 'a star stops at a slash' -Docker { Show-DockerImage -f 'reference=*' } -Module { Get-Image -Filter 'reference=*' | Show-Image }
New-Rule F11 'a host and two parts' -Docker { Show-DockerImage -f 'reference=*/*/*/*:1.0' } -Module { Get-Image -Filter 'reference=*/*/*/*:1.0' | Show-Image }
New-Rule F12 'only the tags that match' -Docker { Show-DockerImage -f 'reference=web:prod' } -Module { Get-Image -Filter 'reference=web:prod' | Show-Image }
New-Rule F13 'all keys must hold' -Docker { Show-DockerImage -f label=tier -f 'reference=age/*:1' } -Module { Get-Image -Filter label=tier, 'reference=age/*:1' | Show-Image }
