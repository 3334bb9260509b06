BeforeAll {
    Import-Module "$PSScriptRoot/TestSession.psm1" -Force
    Import-TestModule
    $registry = Start-TestRegistry
    $address = $registry.Host
    $one = Add-TestImage $registry 'team/app:1' @{ layers = @(@{ seed = 1; size = 2000 }) }
    $null = Invoke-TestRegistry $registry tags @{ repository = 'team/app'; tag = 'same'; digest = $one.digest }
    $null = Add-TestImage $registry 'team/app:2' @{ layers = @(@{ seed = 2; size = 3000 }) }
    $tool = Add-TestImage $registry 'other/tool:1' @{ layers = @(@{ seed = 3; size = 4000 }) }
    $null = Add-TestImage $registry 'other/tool:latest' @{ layers = @(@{ seed = 4; size = 4000 }) }
    function Copy-Serialized($Value) {
        [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($Value)) }
}

AfterAll {
    Stop-TestRegistry $registry
}

Describe 'Remove-Image' {
    BeforeEach {
        $store = New-TestStore
        $null = Invoke-ImagePull "$address/team/app:1", "$address/team/app:same", "$address/team/app:2", "$address/other/tool:1"
        $blobs = (Get-ImageStore).Blobs
    }

    AfterEach {
        Remove-TestStore $store
    }

    Context 'what it removes' {
        It 'writes nothing without -PassThru' {
            Remove-Image "$address/team/app:2" | Should -BeNullOrEmpty
            Get-Image "$address/team/app:2" -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        }

        It 'untags first and keeps an image with another name (D1)' {
            $removal = Remove-Image "$address/team/app:1" -PassThru
            $removal | Should -BeOfType ImgsPS.ImageRemoval
            $removal.Untagged | Should -Be "$address/team/app:1"
            $removal.Deleted | Should -BeNullOrEmpty
            $removal.BytesFreed | Should -Be 0
            (Get-Image "$address/team/app:same").Id | Should -Be $one.id
            (Get-ImageStore).Blobs | Should -Be $blobs
        }

        It 'deletes with the last name (D3)' {
            $removal = Remove-Image "$address/other/tool:1" -PassThru
            $removal.Deleted[0] | Should -BeLike 'sha256:*'
            $removal.BytesFreed | Should -BeGreaterThan 4000
            (Get-ImageStore).Blobs | Should -Be ($blobs - 3)
        }

        It 'takes latest for a repository alone (D14)' {
            $null = Invoke-ImagePull "$address/other/tool:latest"
            Remove-Image "$address/other/tool"
            (Get-Image "$address/other/tool").Tag | Should -Be '1'
        }

        It 'does what a wildcard says' {
            Remove-Image '*team/app*'
            (Get-Image).Repository | Should -Be "$address/other/tool"
        }

        It 'untags every name of an image that is listed with several (P3)' {
            $removals = Get-Image "$address/team/*" | Remove-Image -PassThru
            $removals | Should -HaveCount 3
            @($removals | Where-Object { $_.Deleted -contains $one.id }) | Should -HaveCount 1
            (Get-Image).Repository | Should -Be "$address/other/tool"
        }

        It 'finds an image that came after the first item' {
            $null = & { "$address/team/app:2"; $null = Invoke-ImagePull "$address/other/tool:latest"; "$address/other/tool:latest" } |
                Remove-Image -ErrorAction Stop
            (Get-Image).Tag | Sort-Object | Should -Be '1', '1', 'same'
        }

        It 'is silent for a wildcard without a match' {
            Remove-Image 'nosuch*' -ErrorAction Stop
            @(Get-Image) | Should -HaveCount 4
        }

        It 'removes all that Get-Image lists, digest references too (D2)' {
            $null = Invoke-ImagePull "$address/team/app@$($one.digest)"
            Get-Image | Remove-Image -ErrorAction Stop
            Get-Image | Should -BeNullOrEmpty
        }

        It 'removes the dangling images by what they are' {
            $null = Add-TestImage $registry 'moved/app:1' @{ layers = @(@{ seed = 21; size = 100 }) }
            $null = Invoke-ImagePull "$address/moved/app:1"
            $null = Add-TestImage $registry 'moved/app:1' @{ layers = @(@{ seed = 22; size = 100 }) }
            $moved = Invoke-ImagePull "$address/moved/app:1"
            @(Get-Image | Where-Object Dangling) | Should -HaveCount 1
            Get-Image | Where-Object Dangling | Remove-Image
            @(Get-Image | Where-Object Dangling) | Should -BeNullOrEmpty
            (Get-Image "$address/moved/app:1").Id | Should -Be $moved.Id
        }
    }

    Context 'images pulled by digest (P2)' {
        BeforeEach {
            $pinned = Invoke-ImagePull "$address/other/tool@$($tool.digest)"
        }

        It 'are kept when they are <Form>, and named once' -ForEach @(
            @{ Form = 'piped'; Remove =
                { Get-Image | Where-Object { -not $_.InUse } | Remove-Image -WarningVariable +said -WarningAction SilentlyContinue } }
            @{ Form = 'rows of a file'; Remove =
                { Get-Image | ConvertTo-Csv | ConvertFrom-Csv | Remove-Image -WarningVariable +said -WarningAction SilentlyContinue } }
            @{ Form = 'objects with a reference';
                Remove = { Get-Image | Select-Object Reference | Remove-Image -WarningVariable +said -WarningAction SilentlyContinue } }
            @{ Form = 'matched by a wildcard'; Remove = { Remove-Image * -WarningVariable +said -WarningAction SilentlyContinue } }
        ) {
            Remove-Image "$address/other/tool:1" -ErrorAction SilentlyContinue
            $pinned = Invoke-ImagePull "$address/other/tool@$($tool.digest)"
            $said = @()
            . $Remove
            (Get-Image).Reference | Should -Be $pinned.Reference
            $said | Should -HaveCount 1
            "$said" | Should -BeLike "$($pinned.Reference) is kept in the store 'local': it was pulled by digest.*"
        }

        It 'go by name, and with -IncludePinned' {
            $null = Get-Image "$address/other/tool:1" | Remove-Image
            Get-Image $pinned.Reference -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $pinned = Invoke-ImagePull "$address/other/tool@$($tool.digest)"
            Remove-Image $pinned.Reference -ErrorAction Stop
            $pinned = Invoke-ImagePull "$address/other/tool@$($tool.digest)"
            $pinned | Remove-Image -IncludePinned -WarningVariable said -ErrorAction Stop
            $said | Should -BeNullOrEmpty
            Get-Image "$address/other/*" | Should -BeNullOrEmpty
        }

        It 'are no matter where dangling images are removed (FF4)' {
            Remove-Image "$address/other/tool:1"
            $null = Invoke-ImagePull "$address/other/tool@$($tool.digest)"
            $null = Add-TestImage $registry 'moved/app:9' @{ layers = @(@{ seed = 31; size = 100 }) }
            $null = Invoke-ImagePull "$address/moved/app:9"
            $null = Add-TestImage $registry 'moved/app:9' @{ layers = @(@{ seed = 32; size = 100 }) }
            $null = Invoke-ImagePull "$address/moved/app:9"
            Get-Image | Where-Object Dangling | Remove-Image -WarningVariable said -WarningAction SilentlyContinue
            $said | Should -BeNullOrEmpty
            Get-Image | Where-Object Dangling | Should -BeNullOrEmpty
            @(Get-Image | Where-Object Pinned) | Should -HaveCount 1
        }
    }

    Context 'what it binds' {
        It 'takes <Form> from the pipeline' -ForEach @(
            @{ Form = 'a string'; Value = { "$address/team/app:2" } }
            @{ Form = 'an Image'; Value = { Get-Image "$address/team/app:2" } }
            @{ Form = 'a deserialized Image'; Value = { Copy-Serialized (Get-Image "$address/team/app:2") } }
            @{ Form = 'an object with Reference'; Value = { [pscustomobject]@{ Reference = "$address/team/app:2" } } }
            @{ Form = 'an object with Name'; Value = { [pscustomobject]@{ Name = "$address/team/app:2" } } }
            @{ Form = 'a CSV row'; Value = { Get-Image "$address/team/app:2" | ConvertTo-Csv | ConvertFrom-Csv } }
        ) {
            (& $Value | Remove-Image -PassThru).Untagged[0] | Should -Be "$address/team/app:2"
            @(Get-Image) | Should -HaveCount 3
        }

        It 'removes a piped image from the store that it came from' {
            $other = Join-Path $store 'other'
            $null = Invoke-ImagePull "$address/team/app:2" -Store $other
            (Get-Image -Store $other | Remove-Image -PassThru).Store | Should -Be $other
            Get-Image "$address/team/app:2" | Should -Not -BeNullOrEmpty
        }

        It 'does so also when -Store has another default value' {
            $other = Join-Path $store 'other'
            $null = Invoke-ImagePull "$address/team/app:2" -Store $other
            $global:PSDefaultParameterValues['*-Image*:Store'] = 'local'
            try {
                (Get-Image -Store $other | Remove-Image -PassThru).Store | Should -Be $other
                (Remove-Image "$address/team/app:2" -PassThru).Store | Should -Be 'local'
            }
            finally {
                $global:PSDefaultParameterValues.Remove('*-Image*:Store')
            }
        }

        It 'does not remove another image when the tag has moved since' {
            $listed = Get-Image "$address/other/tool:1"
            $null = Add-TestImage $registry 'other/tool:1' @{ layers = @(@{ seed = 33; size = 4000 }) }
            $null = Invoke-ImagePull "$address/other/tool:1"
            $listed | Remove-Image -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId |
                Should -BeIn 'ImageConflict,ImgsPS.Cmdlets.RemoveImageCommand', 'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand'
            Get-Image "$address/other/tool:1" | Should -Not -BeNullOrEmpty
        }
    }

    Context 'ShouldProcess' {
        It 'changes nothing with -WhatIf and names the items' {
            $text = Get-WhatIfLine { Remove-Image "$address/team/app:1", "$address/other/tool:1" -WhatIf }
            $text[0] | Should -BeLike "*`"Untag`"*$address/team/app:1 ($($one.id.Substring(7, 12)))*"
            $text[1] | Should -BeLike "*`"Remove image`"*$address/other/tool:1*"
            @(Get-Image) | Should -HaveCount 4
        }

        It 'names the same for Import-Csv' {
            $csv = Join-Path $store 'images.csv'
            Get-Image | Export-Csv -Path $csv -NoTypeInformation
            @(Get-WhatIfLine { Import-Csv $csv | Remove-Image -WhatIf }) | Should -HaveCount 4
            @(Get-Image) | Should -HaveCount 4
        }

        It 'has errors for missing images with -WhatIf too' {
            Remove-Image 'nosuch' -WhatIf -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand'
        }

        It 'does not ask by default, but at a lower $ConfirmPreference, and -Force does not answer' {
            $text = Invoke-TestShell "Import-Module '$(Get-TestModulePath)'; `$env:IMGSPS_STORE = '$store'; Remove-Image $address/team/app:2; '# lower'; `$ConfirmPreference = 'Medium'; Remove-Image $address/team/app:1 -Force"
            $text[0] | Should -Be '# lower'
            "$text" | Should -BeLike '*NonInteractive*'
            (Get-Image).Tag | Sort-Object | Should -Be '1', '1', 'same'
        }
    }

    Context 'errors' {
        It 'goes on with the other items (D12)' {
            Remove-Image 'nosuch', "$address/team/app:2" -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed | Should -HaveCount 1
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand'
            $failed[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
            $failed[0].TargetObject | Should -Be 'nosuch'
            $failed[0].Exception.Message | Should -Be 'No such image: nosuch:latest'
            @(Get-Image) | Should -HaveCount 3
        }

        It 'refuses an id with several names, until it is forced (D4)' {
            Remove-Image $one.id -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageConflict,ImgsPS.Cmdlets.RemoveImageCommand'
            $failed[0].Exception.Message |
                Should -BeLike 'conflict: unable to delete * (must be forced) - image is referenced in multiple repositories*'
            $failed[0].ErrorDetails.RecommendedAction | Should -BeLike '*-Force*'
            @(Get-Image) | Should -HaveCount 4
            $removal = Remove-Image $one.id -Force -PassThru
            $removal.Untagged[0..1] | Sort-Object | Should -Be "$address/team/app:1", "$address/team/app:same"
            @(Get-Image) | Should -HaveCount 2
        }

        It 'still reports a missing image with -Force (D12)' {
            Remove-Image 'nosuch' -Force -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Be 'ImageNotFound,ImgsPS.Cmdlets.RemoveImageCommand'
        }

        It 'stops at the first with -ErrorAction Stop' {
            { 'nosuch', "$address/team/app:2" | Remove-Image -ErrorAction Stop } | Should -Throw 'No such image: nosuch:latest*'
            @(Get-Image) | Should -HaveCount 4
        }
    }
}
