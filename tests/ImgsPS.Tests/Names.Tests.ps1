# What counts as the name of an image, and advice that can be followed as it stands.
BeforeDiscovery {
    $takers = 'Get-Image', 'Remove-Image', 'Get-ImageConfig', 'Get-ImageHistory', 'Get-ImageLayer', 'Get-ImageManifest', 'Invoke-ImagePull',
        'Add-ImageTag -Tag other:1', 'Get-ImageConfig -Remote' | ForEach-Object { @{ Taker = $_ } }
}

BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $store = New-TestStore
    $null = Add-TestImage $registry 'team/app:1'
    $null = Invoke-ImagePull "$address/team/app:1"
}

AfterAll {
    Remove-TestStore $store
    Stop-TestRegistry $registry
}

Describe 'What is piped to <Taker>' -ForEach $takers {
    It 'is no image when it is <What>' -ForEach @(
        @{ What = 'a number'; Value = { 5 } }
        @{ What = 'a big number'; Value = { 49548765432112345678 } }
        @{ What = 'a fraction'; Value = { 1.5 } }
        @{ What = 'a truth'; Value = { $true } }
        @{ What = 'a date'; Value = { [datetime]::Now } }
        @{ What = 'a guid'; Value = { [guid]::NewGuid() } }
        @{ What = 'a file'; Value = { Get-Item -LiteralPath $PSCommandPath } }
        @{ What = 'a process'; Value = { Get-Process -Id $PID } }
        @{ What = 'a file of a job'; Value = { [System.Management.Automation.PSSerializer]::Deserialize(
                    [System.Management.Automation.PSSerializer]::Serialize((Get-Item -LiteralPath $PSCommandPath))) } }
        @{ What = 'the name of a file'; Value = { Get-Item -LiteralPath $PSCommandPath | Select-Object Name } }
        @{ What = 'a row of something else'; Value = { [pscustomobject]@{ Path = '/x'; Size = 3 } } }
        @{ What = 'a hashtable'; Value = { @{ Size = 3 } } }
    ) {
        $before = @(Get-Image).Count
        $ErrorActionPreference = 'Continue'
        $run = [scriptblock]::Create("param(`$value) `$value | $Taker")
        $failed = @(& $run (& $Value) 2>&1 | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] })
        $failed | Should -HaveCount 1
        $failed[0].FullyQualifiedErrorId | Should -Match '^(InvalidArgument|ParameterArgumentTransformationError|InputObjectNotBound),'
        "$($failed[0])" | Should -Match 'names no image|cannot be bound'
        @(Get-Image).Count | Should -Be $before
    }
}

Describe 'What is piped' {
    It 'is an image when it is <What>' -ForEach @(
        @{ What = 'a text'; Value = { "$address/team/app:1" } }
        @{ What = 'an image'; Value = { Get-Image } }
        @{ What = 'an image of a job'; Value = { [System.Management.Automation.PSSerializer]::Deserialize(
                    [System.Management.Automation.PSSerializer]::Serialize((Get-Image))) } }
        @{ What = 'a row of a file'; Value = { Get-Image | ConvertTo-Csv -NoTypeInformation | ConvertFrom-Csv } }
        @{ What = 'a row with a type'; Value = { Get-Image | ConvertTo-Csv | ConvertFrom-Csv } }
        @{ What = 'chosen properties'; Value = { Get-Image | Select-Object Reference, Size } }
        @{ What = 'an object of the user''s own'; Value = { [pscustomobject]@{ Reference = "$address/team/app:1" } } }
        @{ What = 'an object with a name'; Value = { [pscustomobject]@{ Name = "$address/team/app:1" } } }
        @{ What = 'an object with a type of the user''s own'; Value = { [pscustomobject]@{ PSTypeName = 'Mine.Row'; Image = "$address/team/app:1" } } }
        @{ What = 'a manifest'; Value = { Get-ImageManifest "$address/team/app:1" } }
    ) {
        (& $Value | Invoke-ImagePull -ErrorAction Stop).Reference | Should -Be "$address/team/app:1"
        (& $Value | Get-Image -ErrorAction Stop).Reference | Should -Be "$address/team/app:1"
        (& $Value | Get-ImageConfig -ErrorAction Stop).Reference | Should -Be "$address/team/app:1"
        Get-WhatIfLine { & $Value | Remove-Image -WhatIf -ErrorAction Stop } | Should -BeLike "*$address/team/app:1*"
    }

    It 'is looked for as it was typed: a number on the command line is the beginning of an id' {
        $id = (Get-Image).Id.Substring(7)
        if ($id -match '^[1-9][0-9]{2,8}') { (Invoke-Expression "Get-Image $($Matches[0])").Id | Should -BeLike "sha256:$id" }
        Get-Image 7e3 -ErrorAction SilentlyContinue -ErrorVariable failed
        "$($failed[0])" | Should -BeLike 'No such image: 7e3*'
    }
}

Describe 'The parameter of an image' {
    It 'is -Image in <Name>, with -Reference and -Name as aliases' -ForEach @(
        @{ Name = 'Get-Image' }, @{ Name = 'Remove-Image' }, @{ Name = 'Get-ImageConfig' }, @{ Name = 'Get-ImageHistory' }, @{ Name = 'Get-ImageLayer' },
        @{ Name = 'Get-ImageManifest' }, @{ Name = 'Invoke-ImagePull' }, @{ Name = 'Add-ImageTag' }
    ) {
        $parameter = (Get-Command $Name).Parameters['Image']
        $parameter.Aliases | Should -Contain 'Reference'
        $parameter.Aliases | Should -Contain 'Name'
        Get-Command $Name -Syntax | Should -Match '-Image\]+ <ImageName\[\]>'
    }

    It 'takes a pull by every name it had' {
        foreach ($name in 'Reference', 'Image', 'Name') {
            $given = @{ $name = "$address/team/app:1" }
            (Invoke-ImagePull @given).Reference | Should -Be "$address/team/app:1"
        }
    }
}

Describe 'Parameter sets' {
    It 'tell <One> and <Other> of <Name> apart' -ForEach @(
        @{ Name = 'Invoke-ImagePull'; One = 'Platform'; Other = 'AllPlatforms' }
        @{ Name = 'Get-ImageConfig'; One = 'Store'; Other = 'Remote' }
        @{ Name = 'Get-ImageHistory'; One = 'Store'; Other = 'Remote' }
        @{ Name = 'Get-ImageLayer'; One = 'Store'; Other = 'Remote' }
    ) {
        $command = Get-Command $Name
        foreach ($set in $command.ParameterSets) { @($set.Parameters.Name | Where-Object { $_ -in $One, $Other }) | Should -HaveCount 1 }
        $command.DefaultParameterSet | Should -Be $One
        (Get-Help $Name).Syntax.syntaxItem | Should -HaveCount 2
        $line = "$Name x -$Other -"
        ([System.Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null)).CompletionMatches.CompletionText |
            Should -Not -Contain "-$One"
        $given = @{ $One = 'linux/amd64'; $Other = $true }
        { & $Name x @given } | Should -Throw -ErrorId "AmbiguousParameterSet,*"
    }

    It 'let -Remote be used where -Store has a default' {
        $PSDefaultParameterValues['*-Image*:Store'] = 'docker'
        try { (Get-ImageConfig "$address/team/app:1" -Remote -ErrorAction Stop).Store | Should -Be "registry://$address" }
        finally { $PSDefaultParameterValues.Remove('*-Image*:Store') }
    }
}

Describe 'Advice' {
    It 'gives for ''<Text>'' a name that is one, or none' -ForEach @(
        @{ Text = 'BAD Name'; Name = $null }
        @{ Text = 'Team/App Two:1'; Name = $null }
        @{ Text = 'https://BAD Name'; Name = $null }
        @{ Text = 'Team/App:V1'; Name = 'team/app:V1' }
        @{ Text = 'https://reg.example.com/Team/App'; Name = 'reg.example.com/team/app' }
        @{ Text = 'docker://ubuntu:24.04'; Name = 'ubuntu:24.04' }
        @{ Text = ' ubuntu '; Name = 'ubuntu' }
        @{ Text = ' Ubuntu'; Name = 'ubuntu' }
        @{ Text = 'reg.example.com/app/'; Name = 'reg.example.com/app' }
        @{ Text = 'A:b:c'; Name = $null }
        @{ Text = 'UPPER@sha256:12'; Name = $null }
    ) {
        Invoke-ImagePull $Text -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 1
        $advice = $failed[0].ErrorDetails.RecommendedAction
        if ($Name) { $advice | Should -BeLike "*: '$Name'." } else { $advice | Should -BeLike '*is not an image reference*' }
        if ($advice -match ": '([^']+)'\.$") { [ImgsPS.ImageReference]::Parse($Matches[1]) | Should -Not -BeNullOrEmpty }
    }

    It 'of -AllTags names PowerShell''s parameter and the repository' {
        foreach ($name in "$address/team/app:1", "$address/team/app@sha256:$('a' * 64)") {
            Invoke-ImagePull $name -AllTags -ErrorAction SilentlyContinue -ErrorVariable failed
            "$($failed[0])" | Should -Match '-AllTags'
            "$($failed[0]) $($failed[0].ErrorDetails.RecommendedAction)" | Should -Not -Match '--all-tags|/-a'
            $failed[0].ErrorDetails.RecommendedAction | Should -BeLike "*$address/team/app,*"
        }
    }

    It 'and errors of several pulls name each image' {
        $names = "$address/team/none:1", "$address/team/none:2", "$address/team/app:9", '127.0.0.1:1/a:1', '127.0.0.1:1/a:2'
        Invoke-ImagePull $names -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed | Should -HaveCount 5
        foreach ($name in $names) { @($failed | Where-Object { "$_" -match ([regex]::Escape($name) + '(?![\w.-])') }) | Should -HaveCount 1 }
    }
}

Describe 'Advice about a store' {
    It 'repairs the store that is broken, and no other' {
        $other = Join-Path $store "it's other"
        $null = Invoke-ImagePull "$address/team/app:1" -Store $other
        [System.IO.File]::WriteAllText("$other/index.json", '{')
        Remove-Item -LiteralPath "$other/.imgsps/index.prev.json" -ErrorAction Ignore
        Get-Image -Store $other -ErrorAction SilentlyContinue -ErrorVariable failed
        $command = [regex]::Match($failed[0].ErrorDetails.RecommendedAction, "^Repair-ImageStore -Store '(?:[^']|'')+'").Value
        $command | Should -Not -BeNullOrEmpty
        $null = & ([scriptblock]::Create($command))
        @(Get-Image -Store $other -ErrorAction Stop) | Should -HaveCount 1
    }

    It 'is true in every store: an image that is not there' {
        Get-Image nosuch:1 -ErrorAction SilentlyContinue -ErrorVariable failed
        $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*with the same -Store*'
    }
}

Describe 'A search' {
    It 'takes text, and neither a file nor a process' {
        foreach ($value in (Get-Item -LiteralPath $PSCommandPath), (Get-Process -Id $PID), $true, [datetime]::Now) {
            $value | Find-Image -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'ParameterArgumentTransformationError,*'
        }

        @("$address/team" | Find-Image -WarningAction SilentlyContinue) | Should -Not -BeNullOrEmpty
    }
}

Describe 'FF8: a pull says what it brought' {
    BeforeAll {
        $first = Add-TestImage $registry 'team/moving:1' @{ layers = @(@{ seed = 11; size = 10 }) }
    }

    It 'Downloaded, UpToDate, Moved with the digest before' {
        $pulled = Invoke-ImagePull "$address/team/moving:1"
        $pulled.Status, $pulled.PreviousDigest | Should -Be 'Downloaded', $null
        (Invoke-ImagePull "$address/team/moving:1").Status | Should -Be 'UpToDate'
        (Invoke-ImagePull "$address/team/moving@$($first.digest)").Status | Should -Be 'Downloaded'
        $null = Add-TestImage $registry 'team/moving:1' @{ layers = @(@{ seed = 12; size = 10 }) }
        $pulled = Invoke-ImagePull "$address/team/moving:1"
        $pulled.Status, $pulled.PreviousDigest | Should -Be 'Moved', $first.digest
        (Get-Image "$address/team/moving:1").Status | Should -BeNullOrEmpty
        Remove-Image "$address/team/moving:1"
        (Invoke-ImagePull "$address/team/moving:1").Status | Should -Be 'Downloaded'
    }

    It 'says it for each tag of -AllTags' {
        $null = Add-TestImage $registry 'team/tags:a' @{ layers = @(@{ seed = 21; size = 10 }) }
        $null = Add-TestImage $registry 'team/tags:b' @{ layers = @(@{ seed = 22; size = 10 }) }
        $null = Invoke-ImagePull "$address/team/tags:a"
        $all = Invoke-ImagePull "$address/team/tags" -AllTags
        ($all | Where-Object Tag -EQ a).Status | Should -Be 'UpToDate'
        ($all | Where-Object Tag -EQ b).Status | Should -Be 'Downloaded'
    }

    It 'and Find-Image says when the registry knows more than it wrote' {
        $found = Find-Image "$address/team" -Limit 2 -WarningVariable warned -WarningAction SilentlyContinue
        @($found) | Should -HaveCount 2
        "$warned" | Should -BeLike "*$address knows more repositories for 'team'*-Limit takes up to 100*"
        $null = Find-Image "$address/team/app" -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" | Should -Not -BeLike '*more repositories*'
    }
}

Describe 'FF1: one name of several images' {
    BeforeEach {
        # As docker save writes two images of one tag: the whole name in one annotation, the tag in the other.
        $layout = New-TestStore
        foreach ($name in 'web', 'api') {
            $null = Add-TestImage $registry "ff1/${name}:1" @{ layers = @(@{ seed = $name.Length + [int]$name[0]; size = 100 }) }
            $null = Invoke-ImagePull "$address/ff1/${name}:1" -Store $layout
        }

        $file = Join-Path $layout 'index.json'
        $index = [System.IO.File]::ReadAllText($file) | ConvertFrom-Json
        function Set-Annotation([scriptblock] $Make) {
            foreach ($entry in $index.manifests) {
                $entry.annotations = & $Make $entry.annotations.'org.opencontainers.image.ref.name'.Split('/')[-1].Split(':')[0]
            }

            Get-ChildItem -LiteralPath (Join-Path $layout '.imgsps') -File | Remove-Item
            [System.IO.File]::WriteAllText($file, (ConvertTo-Json $index -Depth 9))
        }
    }

    AfterEach { Remove-TestStore $layout }

    It 'is none where each has a whole name' {
        Set-Annotation { param($name) @{ 'org.opencontainers.image.ref.name' = '1'; 'io.containerd.image.name' = "docker.io/library/${name}:1" } }
        (Get-Image -Store $layout).Reference | Sort-Object | Should -Be 'api:1', 'web:1'
        Remove-Image web:1 -Store $layout -ErrorAction Stop
        (Get-Image -Store $layout).Reference | Should -Be 'api:1'
    }

    It 'is ambiguous for <Command>' -ForEach @(
        @{ Command = 'Get-ImageConfig' }
        @{ Command = 'Get-ImageLayer' }
        @{ Command = 'Get-ImageHistory' }
        @{ Command = 'Get-ImageManifest' }
        @{ Command = 'Add-ImageTag -Tag copy:1 -Image' }
    ) {
        Set-Annotation { @{ 'org.opencontainers.image.ref.name' = 'latest' } }
        { Invoke-Expression "$Command latest -Store '$layout' -ErrorAction Stop" } | Should -Throw -ErrorId 'ImageAmbiguous,*'
    }

    It 'is asked for image by image, and -WhatIf, -PassThru and what is gone are the same' {
        Set-Annotation { @{ 'org.opencontainers.image.ref.name' = 'latest' } }
        $images = @(Get-Image -Store $layout)
        $images | Should -HaveCount 2
        $removed = @(Remove-Image latest -Store $layout -PassThru -ErrorAction Stop)
        $removed | Should -HaveCount 2
        $removed.Deleted | Where-Object { $_ -in $images.Id } | Sort-Object | Should -Be ($images.Id | Sort-Object)
        Get-Image -Store $layout | Should -BeNullOrEmpty
    }

    It 'goes with one of them alone when that is piped' {
        Set-Annotation { @{ 'org.opencontainers.image.ref.name' = 'latest' } }
        $one, $other = Get-Image -Store $layout
        $one | Remove-Image -ErrorAction Stop
        (Get-Image -Store $layout).Id | Should -Be $other.Id
    }
}

Describe 'FF3: a narrowed row' {
    BeforeEach {
        $null = Invoke-ImagePull "$address/team/app:1"
        $null = Add-ImageTag "$address/team/app:1" -Tag narrow:1, narrow:2
    }

    It 'is its name and no other: <What>' -ForEach @(
        @{ What = 'Repository, Tag, Id'; Row = { Get-Image narrow:1 | Select-Object Repository, Tag, Id } }
        @{ What = 'Repository, Tag, Id, Digest'; Row = { Get-Image narrow:1 | Select-Object Repository, Tag, Id, Digest } }
        @{ What = 'Repository, Tag'; Row = { Get-Image narrow:1 | Select-Object Repository, Tag } }
        @{ What = 'of a file'; Row = { Get-Image narrow:1 | Select-Object Id, Tag, Repository | ConvertTo-Csv | ConvertFrom-Csv } }
        @{ What = 'of docker'; Row = { [pscustomobject]@{ Repository = 'narrow'; Tag = '1'; ID = (Get-Image narrow:1).Id.Substring(7, 12) } } }
    ) {
        & $Row | Remove-Image -Force -ErrorAction Stop
        (Get-Image).Reference | Sort-Object | Should -Be (@("$address/team/app:1", 'narrow:2') | Sort-Object)
    }

    It 'is its id when that is all it has' {
        (Get-Image narrow:1).Id | ForEach-Object { [pscustomobject]@{ Repository = '<none>'; Tag = '<none>'; Id = $_ } } |
            Remove-Image -Force -ErrorAction Stop
        Get-Image -Image narrow* | Should -BeNullOrEmpty
    }
}
